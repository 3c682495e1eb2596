//! Says how to connect: on the terminal for a person, in `DIR/ready.json` for a program.

use serde_json::{Value, json};

use super::super::Result;
use super::fill::{Login, PASSWORD};
use super::place::{Place, write_whole};

/// Writes `ready.json` and prints the same for a person.
pub fn announce(place: &Place, status: &Value, master: u32, accounts: &[Login]) -> Result {
    let first = |kind: &str| -> Option<String> {
        let list = status.get("addresses")?.get(kind)?.as_array()?;
        list.first()?.as_str().map(str::to_owned)
    };
    let http = first("http").ok_or_else(|| "the server does not say where it serves HTTP".to_owned())?;
    let ews = format!("http://{http}/EWS/Exchange.asmx");
    let autodiscover = format!("http://{http}/autodiscover/autodiscover.xml");
    let lmtp = first("lmtp");
    let admin = first("admin").map(|admin| format!("http://{admin}"));
    let ready = json!({
        "ews_url": ews,
        "autodiscover_url": autodiscover,
        "lmtp": lmtp,
        "admin_url": admin,
        "master_pid": master,
        "config": place.config,
        "accounts": accounts.iter().map(|account| json!({
            "address": account.address, "login": account.address, "password": PASSWORD,
        })).collect::<Vec<_>>(),
    });
    write_whole(&place.ready, &format!("{ready:#}\n"))?;
    say!("ewsd is ready.")?;
    say!("  EWS            {ews}")?;
    say!("  mail in        {} (LMTP)", lmtp.as_deref().unwrap_or("nowhere"))?;
    say!("  figures        {}", admin.map_or("nowhere".into(), |admin| format!("{admin}/metrics")))?;
    say!("  accounts       {}", names(accounts))?;
    say!("  password       {} (for each of them)", PASSWORD)?;
    say!("  configuration  {}", place.config.display())?;
    say!("  administration ewsctl -c {} status", place.config.display())?;
    say!("Ctrl-C ends it; the data stay in {}.", place.dir.display())?;
    Ok(())
}

fn names(accounts: &[Login]) -> String {
    let shown: Vec<&str> = accounts.iter().take(3).map(|account| account.address.as_str()).collect();
    let names = shown.join(", ");
    match (accounts.len() - shown.len(), accounts.last()) {
        (0, _) | (_, None) => names,
        (more, Some(last)) => format!("{names} and {more} more, to {}", last.address),
    }
}
