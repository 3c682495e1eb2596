//! Attached files: a text file with a name beyond ASCII, a table, a picture.

use super::{Clock, Sample, finish, letter};

const DORA: super::Person = ("Dora Dietz", "dora@example.org");

pub fn papers(clock: &Clock) -> std::io::Result<Sample> {
    let table = "room,seats,projector\r\nMaple,12,yes\r\nOak,30,yes\r\nWillow,6,no\r\n";
    let notes = "Räume\r\n=====\r\n\r\nDie Weide ist bis Freitag gesperrt.\r\n";
    let message = letter(DORA, "Rooms: list and notes", "rooms", clock.ago(220))
        .text_body("Hello,\r\n\r\nattached are the list of rooms and my notes.\r\n\r\nDora\r\n")
        .attachment("text/csv", "rooms.csv", table.as_bytes())
        .attachment("text/plain; charset=utf-8", "Räume.txt", notes.as_bytes())
        .attachment("image/png", "plan.png", super::html::CHART);
    finish(DORA, message)
}
