//! For the tests of handlers: two accounts on a real database, asked in XML and answering in XML, without HTTP and without
//! other processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_ews::soap::{Form, parse_envelope};
use ewsd_mailbox::convert::{self, Confined, InProcess};
use ewsd_mailbox::session::Session;
use ewsd_model::Version;
use ewsd_settings::Settings;
use ewsd_store::testing::{Database, database};
use ewsd_store::{Account, NewAccount, Store};

use crate::op;
use crate::op::Cx;

pub struct World {
    // Dropped last: the database goes with it.
    pub store: Store,
    settings: Settings,
    pub accounts: Vec<Rc<Account>>,
    _database: Database,
}

pub const ALICE: usize = 0;
pub const BOB: usize = 1;

#[allow(clippy::new_without_default)]
impl World {
    pub fn new() -> World {
        convert::by(InProcess(Confined::claim()));
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let mut account = |login: &str| {
            let addresses = vec![format!("{login}@example.test")];
            let display_name = format!("{login} the tester");
            let new = NewAccount {
                login: login.into(),
                display_name,
                addresses,
                language: "en".into(),
                ..NewAccount::default()
            };
            Rc::new(store.create_account(&new).unwrap())
        };
        let accounts = vec![account("alice"), account("bob")];
        World { store, settings: Settings::default(), accounts, _database: database }
    }

    /// The answer's text.
    pub fn call(&mut self, who: usize, body: &str) -> String {
        let document = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
             xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Body>{body}</s:Body></s:Envelope>"
        );
        let envelope = parse_envelope(document.as_bytes()).unwrap();
        let caller = self.accounts[who].clone();
        let session = Session::new(&mut self.store, &self.settings, caller, None);
        let mut cx = Cx::new(session, Version::LATEST, &envelope.headers);
        let reply = op::run(&mut cx, envelope.request).unwrap();
        String::from_utf8(reply.to_bytes(Form::default())).unwrap()
    }

    /// The answer to one that must succeed.
    pub fn good(&mut self, who: usize, body: &str) -> String {
        let answer = self.call(who, body);
        assert!(!answer.contains("ResponseClass=\"Error\""), "{body}\n{answer}");
        answer
    }

    /// The code of one that must not.
    pub fn bad(&mut self, who: usize, body: &str) -> String {
        let answer = self.call(who, body);
        let code = between(&answer, "<m:ResponseCode>", "<").to_owned();
        assert_ne!(code, "NoError", "{body}\n{answer}");
        code
    }

    pub fn create(&mut self, who: usize, disposition: &str, item: &str) -> String {
        self.good(who, &create(disposition, item))
    }

    /// Saves a message; answers its id element.
    pub fn save(&mut self, who: usize, item: &str) -> String {
        id_of(&self.create(who, "SaveOnly", item))
    }

    /// The ids in a folder, oldest first.
    pub fn list(&mut self, who: usize, folder: &str) -> Vec<String> {
        let find = format!(
            "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SortOrder>\
             <t:FieldOrder Order=\"Ascending\"><t:ExtendedFieldURI PropertyTag=\"0xe23\" PropertyType=\"Integer\"/></t:FieldOrder>\
             </m:SortOrder><m:ParentFolderIds><t:DistinguishedFolderId Id=\"{folder}\"/></m:ParentFolderIds></m:FindItem>"
        );
        self.good(who, &find)
            .split("<t:ItemId ")
            .skip(1)
            .map(|rest| format!("<t:ItemId {}>", between(rest, "", ">")))
            .collect()
    }

    pub fn get(&mut self, who: usize, id: &str, paths: &[&str]) -> String {
        let fields: String = paths.iter().map(|uri| format!("<t:FieldURI FieldURI=\"{uri}\"/>")).collect();
        self.good(who, &get(id, &fields))
    }

    pub fn mime(&mut self, who: usize, id: &str) -> String {
        let answer = self.get(who, id, &["item:MimeContent"]);
        let octets = STANDARD.decode(between(&answer, "CharacterSet=\"UTF-8\">", "<")).unwrap();
        String::from_utf8(octets).unwrap()
    }

    pub fn update(&mut self, who: usize, id: &str, how: &str, changes: &str) -> String {
        self.call(who, &update(id, how, changes))
    }
}

pub fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let from = text.find(start).unwrap_or_else(|| panic!("no {start} in {text}")) + start.len();
    text[from..].split(end).next().unwrap()
}

/// The first id element of an answer.
pub fn id_of(answer: &str) -> String {
    format!("<t:ItemId {}>", between(answer, "<t:ItemId ", ">"))
}

pub fn create(disposition: &str, item: &str) -> String {
    format!("<m:CreateItem MessageDisposition=\"{disposition}\"><m:Items>{item}</m:Items></m:CreateItem>")
}

pub fn get(id: &str, fields: &str) -> String {
    format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{fields}</t:AdditionalProperties>\
         </m:ItemShape><m:ItemIds>{id}</m:ItemIds></m:GetItem>"
    )
}

pub fn update(id: &str, how: &str, changes: &str) -> String {
    format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"{how}\"><m:ItemChanges><t:ItemChange>{id}\
         <t:Updates>{changes}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
}
