//! Plain text.

use super::{CAROL, Clock, Sample, finish, letter};

pub fn welcome(clock: &Clock) -> std::io::Result<Sample> {
    let message = letter(CAROL, "Welcome to the new mail server", "welcome", clock.ago(300)).text_body(
        "Hello Alice, hello Bob,\r\n\
         \r\n\
         our mailboxes are on ewsd from today on. Nothing to do for you: your mail program finds everything\r\n\
         under the address that it has been told.\r\n\
         \r\n\
         Tell me when something looks odd.\r\n\
         \r\n\
         Carol\r\n\
         -- \r\n\
         Carol Clark, example.test\r\n",
    );
    finish(CAROL, message)
}
