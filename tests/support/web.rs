//! A web server in front: it answers by itself what it is told to, and passes on the rest, with TLS and certificates of an
//! authority of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustls::{ServerConnection, StreamOwned};

use super::smtp::Certificate;

/// An authority that only those know who are told.
pub struct Authority {
    folder: PathBuf,
}

impl Authority {
    pub fn make(folder: &Path) -> Authority {
        let made = Authority { folder: folder.to_owned() };
        made.openssl(&[
            "req",
            "-x509",
            "-days",
            "30",
            "-subj",
            "/CN=An authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
        ]);
        made
    }

    /// Its own certificate.
    pub fn file(&self) -> String {
        self.folder.join("ca.crt").display().to_string()
    }

    pub fn certificate(&self, name: &str, days: u32) -> Certificate {
        self.sign(name, "/CN=a server", &format!("subjectAltName=DNS:{name}"), days)
    }

    /// Of a client: what openssl calls its subject (`/CN=x/emailAddress=y`).
    pub fn person(&self, name: &str, subject: &str) -> Certificate {
        self.sign(name, subject, "extendedKeyUsage=clientAuth", 1)
    }

    fn sign(&self, name: &str, subject: &str, extensions: &str, days: u32) -> Certificate {
        let (key, request, certificate) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        self.openssl(&["req", "-subj", subject, "-keyout", &key, "-out", &request]);
        let text = extensions;
        let extensions = self.folder.join("extensions");
        fs::write(&extensions, format!("{text}\n")).expect("a file for openssl");
        let extensions = extensions.display().to_string();
        let days = days.to_string();
        let signs = ["x509", "-req", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", &extensions];
        self.openssl(&[&signs[..], &["-days", &days, "-in", &request, "-out", &certificate]].concat());
        Certificate { certificate: self.folder.join(certificate), key: self.folder.join(key) }
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut command = Command::new("openssl");
        command.args(arguments).current_dir(&self.folder);
        if arguments[0] == "req" {
            command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        }
        let output = command.output().expect("openssl runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What the front answers by itself: status and fields, then an empty line and the body, by the path that is asked for.
pub type Rule = fn(&str) -> Option<String>;

/// Runs until the test process ends; its port. Without a certificate it speaks plainly; what no rule answers goes to `server`.
pub fn serve(certificate: Option<&Certificate>, server: Option<SocketAddr>, rule: Rule) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let tls = certificate.map(Certificate::server);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = tls.clone();
            // Whoever breaks off is tried again by nobody.
            std::thread::spawn(move || match tls {
                Some(config) => {
                    let session = ServerConnection::new(config).expect("a session");
                    let mut stream = StreamOwned::new(session, stream);
                    let served = answer(&mut stream, server, rule);
                    stream.conn.send_close_notify();
                    served.and_then(|()| stream.flush())
                }
                None => answer(&mut { stream }, server, rule),
            });
        }
    });
    port
}

fn answer(stream: &mut (impl Read + Write), server: Option<SocketAddr>, rule: Rule) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut octet = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet)?;
        request.push(octet[0]);
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    request.extend(body);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let answer = match (rule(path), server) {
        (Some(own), _) => format!("HTTP/1.1 {own}").into_bytes(),
        (None, None) => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
        (None, Some(server)) => {
            let mut onward = TcpStream::connect(server)?;
            onward.write_all(&request)?;
            let mut answer = Vec::new();
            onward.read_to_end(&mut answer)?;
            answer
        }
    };
    stream.write_all(&answer)?;
    stream.flush()
}
