//! A DNS server that knows a few names, by datagrams and streams.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// What is known of a name.
#[derive(Clone)]
pub enum Record {
    Address(Ipv4Addr),
    /// Priority, port and target.
    Service(u16, u16, &'static str),
}

/// Runs until the test process ends; its address. `cut`: nothing fits into a datagram.
pub fn serve(records: Vec<(&'static str, Record)>, cut: bool) -> SocketAddr {
    let streams = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = streams.local_addr().expect("its number");
    let datagrams = UdpSocket::bind(address).expect("the same one");
    let known = records.clone();
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, from)) = datagrams.recv_from(&mut question) {
            let mut answer = answer(&question[..length], if cut { &[] } else { &known });
            answer[2] |= if cut { 0x02 } else { 0 };
            let _ = datagrams.send_to(&answer, from);
        }
    });
    std::thread::spawn(move || {
        for mut stream in streams.incoming().flatten() {
            let mut length = [0; 2];
            let mut read = || -> std::io::Result<Vec<u8>> {
                stream.read_exact(&mut length)?;
                let mut question = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut question)?;
                Ok(question)
            };
            let Ok(question) = read() else { continue };
            let answer = answer(&question, &records);
            let length = u16::try_from(answer.len()).expect("a short answer");
            let _ = stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat());
        }
    });
    address
}

/// As RFC 1035 4 has it: the question, and behind it what is known.
fn answer(question: &[u8], records: &[(&str, Record)]) -> Vec<u8> {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] > 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    let (name, kind) = (labels.join("."), question[at + 2]);
    let of_name: Vec<&Record> = records.iter().filter(|(known, _)| *known == name).map(|(_, record)| record).collect();
    let datas: Vec<Vec<u8>> = of_name
        .iter()
        .filter_map(|record| match record {
            Record::Address(address) if kind == 1 => Some(address.octets().to_vec()),
            Record::Service(priority, port, target) if kind == 33 => {
                let numbers = [priority.to_be_bytes(), [0, 0], port.to_be_bytes()].concat();
                let labels = target.split('.').filter(|label| !label.is_empty());
                let name = labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
                Some(numbers.into_iter().chain(name).chain([0]).collect())
            }
            _ => None,
        })
        .collect();
    let code = if of_name.is_empty() { 3 } else { 0 };
    let count = u8::try_from(datas.len()).expect("a few");
    let mut answer = [&question[..2], &[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0], &question[12..at + 5]].concat();
    for data in datas {
        answer.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(data.len()).expect("a short one").to_be_bytes());
        answer.extend(data);
    }
    answer
}
