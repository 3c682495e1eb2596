//! Pages of finds: which rows a paging by number asks for, and where the next page begins (MS-OXWSSRCH 2.2.4).

use ewsd_ews::Paging;
use ewsd_ews::reply::Next;
use ewsd_ews::word::BasePoint;
use ewsd_mailbox::error::Result;
use ewsd_model::code::Code;
use ewsd_settings::Settings;
use ewsd_store::{Found, Page};

/// What the server gives at most.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// Rows of a page.
    most: i64,
}

impl Pages {
    pub fn new(settings: &Settings) -> Pages {
        Pages { most: i64::try_from(settings.limits.find_rows).unwrap_or(i64::MAX) }
    }

    /// Rows of a page for which the client named a size.
    pub fn limit(&self, max: Option<i32>) -> i64 {
        max.map_or(self.most, |max| self.most.min(i64::from(max)))
    }

    /// The page that a paging by number asks for, or none; `total` is called if it says a fraction of all rows.
    /// ErrorInvalidOperation for the ways of paging that only some finds have.
    pub fn page(&self, paging: Option<&Paging>, total: impl FnOnce() -> Result<i64>) -> Result<Page> {
        Ok(match paging {
            // A folder with more rows than one answer may hold: IncludesLastItemInRange tells so.
            None => Page::first(self.most),
            Some(Paging::Indexed { max, offset, base }) => {
                Page { offset: i64::from(*offset), limit: self.limit(*max), from_end: *base == BasePoint::End }
            }
            Some(Paging::Fractional { max, numerator, denominator }) => {
                let offset = total()? * i64::from(*numerator) / i64::from(*denominator).max(1);
                Page { offset, limit: self.limit(*max), from_end: false }
            }
            Some(Paging::Seek { .. } | Paging::Calendar { .. } | Paging::Contacts { .. }) => {
                return Err(Code::ErrorInvalidOperation.into());
            }
        })
    }
}

/// Where the page after this one begins, in the terms of the request's paging.
pub fn next<R>(paging: Option<&Paging>, found: &Found<R>) -> Next {
    match paging {
        Some(Paging::Indexed { .. } | Paging::Seek { .. }) => Next::Indexed(found.offset),
        Some(Paging::Fractional { .. }) => Next::Fractional { numerator: found.offset, denominator: found.total },
        Some(Paging::Calendar { .. } | Paging::Contacts { .. }) | None => Next::None,
    }
}
