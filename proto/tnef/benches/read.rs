//! What reading costs: thread CPU time of built streams at four sizes, and how it grows. `cargo bench -p ewsd-tnef`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_tnef::{Budget, read};
use std::fs;
use std::hint::black_box;

/// One attribute of a message or an attachment.
fn attribute(level: u8, id: u16, data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0_u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
    let mut out = vec![level];
    out.extend(id.to_le_bytes());
    out.extend([6, 0]);
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out.extend(sum.to_le_bytes());
    out
}

fn stream(attributes: Vec<u8>) -> Vec<u8> {
    [&0x223e_9f78_u32.to_le_bytes()[..], &[1, 0], &attributes].concat()
}

/// attMsgProps with one binary property.
fn props(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut data = [&1_u32.to_le_bytes()[..], &[2, 1], &tag.to_le_bytes(), &1_u32.to_le_bytes()].concat();
    data.extend((value.len() as u32).to_le_bytes());
    data.extend(value);
    attribute(1, 0x9003, &data)
}

/// Stored RTF (MELA).
fn rtf(unit: &str, octets: usize) -> Vec<u8> {
    let raw = format!("{{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 {}}}", unit.repeat(octets / unit.len()));
    let size = raw.len() as u32;
    let head = [(size + 12).to_le_bytes(), size.to_le_bytes(), *b"MELA", [0; 4]].concat();
    stream(props(0x1009, &[head, raw.into_bytes()].concat()))
}

/// Compressed RTF that is references only, each of 17 octets of the window's beginning.
fn references(octets: usize) -> Vec<u8> {
    let contents: Vec<u8> =
        (0..octets / 17).map(|_| [0xff; 1]).flat_map(|flags| [&flags[..], &[0, 0xf].repeat(8)].concat()).collect();
    let head = [(contents.len() as u32 + 12).to_le_bytes(), [0; 4], *b"LZFu", [0; 4]].concat();
    stream(props(0x1009, &[head, contents].concat()))
}

/// CPU time of this thread in nanoseconds.
fn cpu() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Microseconds a reading: as many of them as the kernel's clock can tell apart, the least of five such rows.
fn cost(octets: &[u8]) -> f64 {
    let row = |count: u64| {
        let begun = cpu();
        for _ in 0..count {
            black_box(read(black_box(octets), &Budget::default()).unwrap());
        }
        cpu() - begun
    };
    let count = (0..20).map(|power| 1 << power).find(|count| row(*count) > 60_000_000).unwrap_or(1 << 20);
    (0..5).map(|_| row(count)).min().unwrap() as f64 / 1000.0 / count as f64
}

/// A stream of about so many octets.
type Builder = fn(usize) -> Vec<u8>;

fn main() {
    let builders: [(&str, Builder); 6] = [
        ("attached data", |n| stream([attribute(2, 0x9002, &[0; 14]), attribute(2, 0x800f, &vec![7; n])].concat())),
        ("attributes", |n| stream(attribute(1, 0x8004, b"subject\0").repeat(n / 19))),
        ("encapsulated HTML", |n| {
            rtf("{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 Some text \\u8364?\\htmlrtf\\par}\\htmlrtf0", n)
        }),
        ("plain RTF text", |n| rtf("words and more words ", n)),
        ("hexadecimal", |n| rtf("\\'fc", n)),
        ("references of LZFu", references),
    ];
    for (name, build) in builders {
        let costs: Vec<f64> = [1, 2, 4, 8].iter().map(|n| cost(&build(n << 20))).collect();
        let ratios: Vec<String> = costs.windows(2).map(|pair| format!("{:.2}", pair[1] / pair[0])).collect();
        println!("{name:20} {:8.0} us/MiB, a doubling costs {}", costs[0], ratios.join(", "));
    }
}
