//! HTML with its plain text beside it and a picture inside it (multipart/related in multipart/alternative).

use super::{BOB, Clock, Sample, finish, letter};

/// A bar chart, 240 x 120.
pub(super) const CHART: &[u8] = include_bytes!("chart.png");

const HTML: &str = "<!DOCTYPE html>
<html><head><meta charset=\"utf-8\"><title>Figures</title></head>
<body style=\"font-family: sans-serif\">
<h2>Visitors, January to June</h2>
<p>June was the best month so far: <b>95</b> visitors a day.</p>
<p><img src=\"cid:chart@example.test\" alt=\"a bar for each month\" width=\"240\" height=\"120\"></p>
<p>Bob</p>
</body></html>
";

pub fn figures(clock: &Clock) -> std::io::Result<Sample> {
    let message = letter(BOB, "Figures for the first half of the year", "figures", clock.ago(260))
        .text_body("Visitors, January to June\r\n\r\nJune was the best month so far: 95 visitors a day.\r\n\r\nBob\r\n")
        .html_body(HTML)
        .inline("image/png", "chart@example.test", CHART);
    finish(BOB, message)
}
