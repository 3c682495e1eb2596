//! Questions to DNS (RFC 1035) that the standard library does not ask the system's resolver: SRV (RFC 2782), and all others where a
//! server is named.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use ewsd_mailbox::random;

/// For an answer; then it is asked once more.
const PATIENCE: Duration = Duration::from_secs(3);
const TRIES: usize = 2;
const PORT: u16 = 53;
/// Octets of a datagram that is not told otherwise.
const DATAGRAM: usize = 512;
/// Names in names; more go round in circles.
const JUMPS: usize = 32;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    A = 1,
    Aaaa = 28,
    Srv = 33,
}

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// Empty: there is none, and that is said.
    pub target: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    Address(IpAddr),
    Service(Service),
}

/// `ADDRESS` or `ADDRESS:PORT`.
pub fn server(text: &str) -> Result<SocketAddr, String> {
    let address = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT));
    text.parse()
        .or_else(|_| address())
        .map_err(|_| format!("{text}: not an address such as 9.9.9.9 or [2620:fe::fe]:53"))
}

/// The servers that this machine asks.
pub fn servers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok());
    let named: Vec<SocketAddr> = named.map(|ip| SocketAddr::new(ip, PORT)).collect();
    // As resolv.conf(5) has it.
    if named.is_empty() { vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)] } else { named }
}

/// The records of a name, from the first server that answers; none where there is no such name.
///
/// # Errors
/// Why nobody answers.
pub fn ask(servers: &[SocketAddr], name: &str, kind: Kind) -> Result<Vec<Record>, String> {
    let id = u16::from_be_bytes(random::array());
    let question = question(id, name, kind).ok_or_else(|| format!("{name} is no name of DNS"))?;
    let mut trouble = "no DNS server is known".to_owned();
    for server in std::iter::repeat_n(servers, TRIES).flatten() {
        let answer = by_datagram(*server, &question)
            .and_then(|answer| if is_cut(&answer) { by_stream(*server, &question) } else { Ok(answer) });
        match answer.map_err(|error| error.to_string()).and_then(|answer| read(&answer, id, kind)) {
            Ok(records) => return Ok(records),
            Err(why) => trouble = format!("DNS server {server}: {why}"),
        }
    }
    Err(trouble)
}

fn by_datagram(server: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let own: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((own, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    // Nobody else is heard then.
    socket.connect(server)?;
    socket.send(question)?;
    let mut answer = vec![0; DATAGRAM];
    let length = socket.recv(&mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

fn by_stream(server: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect_timeout(&server, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    socket.write_all(&[&length.to_be_bytes(), question].concat())?;
    let mut length = [0; 2];
    socket.read_exact(&mut length)?;
    let mut answer = vec![0; u16::from_be_bytes(length).into()];
    socket.read_exact(&mut answer)?;
    Ok(answer)
}

fn is_cut(answer: &[u8]) -> bool {
    answer.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

/// None: a part of the name is empty, or it is too long.
fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    // Recursion is desired; one question.
    let mut out = [&id.to_be_bytes()[..], &[0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        out.push(length);
        out.extend(label.as_bytes());
    }
    out.extend([&[0][..], &(kind as u16).to_be_bytes(), &[0, 1]].concat());
    (name.len() < 254).then_some(out)
}

/// A place in an answer.
struct Cursor<'a> {
    all: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn octets<const N: usize>(&mut self) -> Option<[u8; N]> {
        let octets = self.all.get(self.at..)?.first_chunk().copied()?;
        self.at += N;
        Some(octets)
    }

    fn number(&mut self) -> Option<u16> {
        self.octets().map(u16::from_be_bytes)
    }

    fn name(&mut self) -> Option<String> {
        let mut labels: Vec<String> = Vec::new();
        let (mut at, mut after) = (self.at, None);
        for _ in 0..JUMPS + 128 {
            let length = usize::from(*self.all.get(at)?);
            match length {
                0 => {
                    self.at = after.unwrap_or(at + 1);
                    return Some(labels.join("."));
                }
                1..64 => {
                    labels.push(String::from_utf8_lossy(self.all.get(at + 1..at + 1 + length)?).into_owned());
                    at += 1 + length;
                }
                // The rest of it stands elsewhere.
                192.. => {
                    after = after.or(Some(at + 2));
                    at = (length & 63) << 8 | usize::from(*self.all.get(at + 1)?);
                }
                _ => return None,
            }
        }
        None
    }
}

/// The records of that kind in an answer, whosever they are: the server has followed other names already.
fn read(answer: &[u8], id: u16, kind: Kind) -> Result<Vec<Record>, String> {
    let broken = || "the answer cannot be read".to_owned();
    let mut cursor = Cursor { all: answer, at: 0 };
    let mut head = [0; 6];
    for number in &mut head {
        *number = cursor.number().ok_or_else(broken)?;
    }
    let [of, flags, questions, answers, ..] = head;
    if of != id || flags & 0x8000 == 0 {
        return Err("it answers something else".to_owned());
    }
    match flags & 0x0f {
        0 => {}
        // No such name.
        3 => return Ok(Vec::new()),
        code => return Err(format!("it refuses with code {code}")),
    }
    for _ in 0..questions {
        cursor.name().and_then(|_| cursor.octets::<4>()).ok_or_else(broken)?;
    }
    let mut records = Vec::new();
    for _ in 0..answers {
        let record = record(&mut cursor, kind).ok_or_else(broken)?;
        records.extend(record);
    }
    Ok(records)
}

/// None: it cannot be read; none in it: it is of another kind.
fn record(cursor: &mut Cursor<'_>, kind: Kind) -> Option<Option<Record>> {
    cursor.name()?;
    let (of, _class) = (cursor.number()?, cursor.number()?);
    let _seconds = cursor.octets::<4>()?;
    let length = cursor.number()?;
    let end = cursor.at + usize::from(length);
    let record = match kind {
        _ if of != kind as u16 => None,
        Kind::A => Some(Record::Address(IpAddr::from(cursor.octets::<4>()?))),
        Kind::Aaaa => Some(Record::Address(IpAddr::from(cursor.octets::<16>()?))),
        Kind::Srv => {
            let (priority, weight, port) = (cursor.number()?, cursor.number()?, cursor.number()?);
            Some(Record::Service(Service { priority, weight, port, target: cursor.name()? }))
        }
    };
    cursor.at = end;
    Some(record)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const NAME: &str = "_autodiscover._tcp.example.test";

    /// Two records, one an alias of no interest, and a target whose end stands in the question.
    fn answer() -> Vec<u8> {
        let mut answer = question(7, NAME, Kind::Srv).unwrap();
        let example = u8::try_from(12 + 1 + "_autodiscover".len() + 1 + "_tcp".len()).unwrap();
        (answer[2], answer[3], answer[7]) = (0x81, 0x80, 2);
        answer.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 12]);
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 13, 0, 10, 0, 5, 0x01, 0xbb]);
        answer.extend([&b"\x04mail"[..], &[0xc0, example]].concat());
        answer
    }

    #[test]
    fn services_are_read() {
        let service = Service { priority: 10, weight: 5, port: 443, target: "mail.example.test".into() };
        assert_eq!(read(&answer(), 7, Kind::Srv).unwrap(), [Record::Service(service)]);
        assert_eq!(read(&answer(), 7, Kind::A).unwrap(), []);
    }

    #[test]
    fn nothing_that_is_sent_does_harm() {
        let whole = answer();
        for length in 0..whole.len() {
            assert!(read(&whole[..length], 7, Kind::Srv).is_err(), "{length}");
        }
        assert!(read(&whole, 8, Kind::Srv).unwrap_err().contains("something else"));
        for at in 0..whole.len() {
            for octet in [0, 0x3f, 0x40, 0xc0, 0xff] {
                let mut other = whole.clone();
                other[at] = octet;
                let _ = read(&other, 7, Kind::Srv);
            }
        }
        // A name that stands in itself.
        let mut circle = whole.clone();
        let at = circle.len() - 2;
        (circle[at], circle[at + 1]) = (0xc0, u8::try_from(at).unwrap());
        assert!(read(&circle, 7, Kind::Srv).is_err());
        let mut missing = whole;
        missing[3] = 0x83;
        assert_eq!(read(&missing, 7, Kind::Srv).unwrap(), []);
        missing[3] = 0x82;
        assert!(read(&missing, 7, Kind::Srv).unwrap_err().contains("code 2"));
    }

    #[test]
    fn names_and_servers_are_checked() {
        for wrong in ["", "a..b", &"x".repeat(64), &"x.".repeat(140)] {
            assert_eq!(question(1, wrong, Kind::A), None, "{wrong}");
        }
        assert_eq!(server("9.9.9.9").unwrap(), "9.9.9.9:53".parse().unwrap());
        assert_eq!(server("[::1]:5353").unwrap(), "[::1]:5353".parse().unwrap());
        assert!(server("dns.example.test").is_err());
    }
}
