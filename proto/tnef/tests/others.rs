//! Other readers (Debian's `tnef` and `ytnef`), where they are installed, over streams that are built here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{FileContent, tag};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Props, Stream, V};

/// Names and octets of the files of the stream.
const FILES: [(&str, &[u8]); 3] =
    [("alpha.txt", b"first file"), ("beta-data.bin", &[0, 1, 2, 255]), ("gamma.csv", b"a;b\r\n")];

fn stream() -> Vec<u8> {
    let first = Stream::new(1252)
        .class("IPM.Microsoft Mail.Note")
        .text(ewsd_tnef::id::SUBJECT, b"Files")
        .props(&Props::new().text(tag::SUBJECT, "Files").text(tag::BODY, "See the files."));
    FILES
        .iter()
        .fold(first, |stream, (name, data)| {
            // One of them reads names of 8 bits only.
            let long = Props::new().with(tag::ATTACH_LONG_FILENAME, V::Str8(name.as_bytes().to_vec()));
            stream.attach().title(b"SHORT~1.BIN").data(data).attach_props(&long)
        })
        .0
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a reader over the stream and compares the files it writes, if it is installed.
fn compare(program: &str, arguments: impl Fn(&Path, &Path) -> Vec<String>) {
    let folder = scratch(program);
    let (input, output) = (folder.join("winmail.dat"), folder.join("out"));
    fs::create_dir_all(&output).unwrap();
    fs::write(&input, stream()).unwrap();
    match Command::new(program).args(arguments(&input, &output)).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: {program} is not installed");
        }
        Err(error) => panic!("{program}: {error}"),
        Ok(done) => {
            for (name, data) in FILES {
                let written = fs::read(output.join(name));
                assert_eq!(written.ok().as_deref(), Some(data), "{program} {name}: {done:?}");
            }
        }
    }
}

#[test]
fn the_same_files_here() {
    let octets = stream();
    let message = support::read(&octets);
    assert_eq!(message.damage, []);
    let found: Vec<_> = message.attachments.iter().map(|file| (file.name.as_deref().unwrap(), &file.content)).collect();
    for ((name, content), (told, data)) in found.into_iter().zip(FILES) {
        assert_eq!((name, content), (told, &FileContent::Octets(data)));
    }
}

#[test]
fn tnef_reads_the_same() {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    compare("tnef", |input, output| vec!["-C".to_owned(), text(output), text(input)]);
}

#[test]
fn ytnef_reads_the_same() {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    compare("ytnef", |input, output| vec!["-f".to_owned(), text(output), text(input)]);
}
