//! Three messages of one conversation, tied by In-Reply-To and References.

use super::{ALICE, BOB, CAROL, Clock, Sample, finish, letter};

const FIRST: &str = "lunch-1@example.test";
const SECOND: &str = "lunch-2@example.test";

pub fn lunch(clock: &Clock) -> std::io::Result<[Sample; 3]> {
    let question = letter(BOB, "Lunch on Friday?", "lunch-1", clock.ago(200))
        .text_body("Shall we try the new place by the river on Friday?\r\n\r\nBob\r\n");
    let answer = letter(CAROL, "Re: Lunch on Friday?", "lunch-2", clock.ago(185))
        .in_reply_to(FIRST)
        .references(FIRST)
        .text_body(
            "Gladly. Half past twelve?\r\n\r\nCarol\r\n\r\n> Shall we try the new place by the river on Friday?\r\n",
        );
    let last = letter(ALICE, "Re: Lunch on Friday?", "lunch-3", clock.ago(170))
        .in_reply_to(SECOND)
        .references(vec![FIRST, SECOND])
        .text_body("Half past twelve it is.\r\n\r\nAlice\r\n\r\n> Gladly. Half past twelve?\r\n");
    Ok([finish(BOB, question)?, finish(CAROL, answer)?, finish(ALICE, last)?])
}
