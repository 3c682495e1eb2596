//! The code pages of DOS that encoding_rs has not: what octets from 128 on mean (IBM 437 and 850).

pub(crate) const CP437: [&str; 4] = [
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
    "áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
    "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀",
    "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
];

pub(crate) const CP850: [&str; 4] = [
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ",
    "áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐",
    "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀",
    "ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
];

/// ASCII below 128, a page of four rows above.
pub(crate) fn decode(octets: &[u8], page: &[&str; 4]) -> String {
    let upper: Vec<char> = page.iter().flat_map(|row| row.chars()).collect();
    let read = |byte: &u8| match byte {
        0..=127 => char::from(*byte),
        _ => upper.get(usize::from(*byte) - 128).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    octets.iter().map(read).collect()
}
