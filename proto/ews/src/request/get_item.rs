//! GetItem (MS-OXWSCORE 3.1.4.4).

use ewsd_model::target::BaseItemId;

use crate::cursor::Read;
use crate::record::{list, record};
use crate::shape::ItemShape;

record! {
    GetItem {
        attributes {}
        elements {
            "ItemShape" shape: required ItemShape, ItemShape::read;
            "ItemIds" items: required Vec<BaseItemId>, list(BaseItemId::read);
        }
    }
}
