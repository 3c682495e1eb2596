//! Other scripts: Japanese and Arabic in UTF-8, Russian in KOI8-R as older programs send it.

use mail_builder::headers::date::Date;

use super::{ALICE, Clock, Person, Sample, finish, letter};

const YUKI: Person = ("佐藤 由紀", "yuki@example.org");
const LAYLA: Person = ("ليلى حداد", "layla@example.org");
const FYODOR: Person = ("Fyodor", "fyodor@example.org");

const BUSES: &str = "\
    +sTSwdfT1NfVytTFIQ0KDQruydbFINLB09DJ08HOycUgwdfUz8LV08/XIM7BIMnAzNguDQrv1CDX\r\n\
    z8vawczBIMHX1M/C1dMgz9TIz8TJ1CDLwdbE2cog3sHTLCDQz9PMxcTOycog1yAyMjo0MC4NCg0K\r\n\
    8yDV18HWxc7Jxc0sDQrmo8TP0g0K\r\n\
";

pub fn letters(clock: &Clock) -> std::io::Result<[Sample; 3]> {
    let japanese = letter(YUKI, "来週の打ち合わせについて", "uchiawase", clock.ago(150)).text_body(
        "アリス様\r\n\r\nお世話になっております。\r\n来週の打ち合わせは、水曜日の午後三時からでよろしいでしょうか。\r\n\r\n佐藤\r\n",
    );
    let arabic = letter(LAYLA, "جدول الأعمال ليوم الخميس", "jadwal", clock.ago(120))
        .text_body("مرحبا،\r\n\r\nأرفقت لكم جدول الأعمال ليوم الخميس. الاجتماع في الساعة 10:30.\r\n\r\nليلى\r\n");
    Ok([finish(YUKI, japanese)?, finish(LAYLA, arabic)?, russian(clock)])
}

/// A bus timetable in KOI8-R and base64; written out, because no builder makes such mail any more.
fn russian(clock: &Clock) -> Sample {
    let message = format!(
        "From: =?koi8-r?B?5qPEz9Ig79LMz9c=?= <{}>\r\n\
         To: {} <{}>\r\n\
         Subject: =?koi8-r?B?8sHT0MnTwc7JxSDB19TPwtXTz9cgzsEgycDM2A==?=\r\n\
         Date: {}\r\n\
         Message-ID: <avtobus@example.test>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=koi8-r\r\n\
         Content-Transfer-Encoding: base64\r\n\
         \r\n\
         {BUSES}",
        FYODOR.1,
        ALICE.0,
        ALICE.1,
        Date::new(clock.ago(90)).to_rfc822(),
    );
    Sample { sender: FYODOR.1, message: message.into_bytes() }
}
