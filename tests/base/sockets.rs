//! How answers leave: what is counted is packets, never time.

use std::io::{Read, Write};
use std::mem::size_of;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;

use actix_web::web;
use salesdesk::base::auth::Role;

use testkit::fixtures;
use testkit::support::TestApp;

both_engines!(an_answer_leaves_in_one_write_without_delay);

/// A second small write would wait for the other side's delayed acknowledgement, 40 ms, or cost a packet of its own.
fn an_answer_leaves_in_one_write_without_delay(app: &TestApp) {
    (0..30).for_each(|_| drop(fixtures::make(app, "cus")));
    let token = app.token(&Role::Clerk.to_string());
    let (address, server) = app.run(async {
        salesdesk::server::start(web::Data::from(app.shared()), "127.0.0.1:0").expect("a server")
    });
    let stop = server.handle();
    let talk = std::thread::spawn(move || {
        let mut answers = vec![];
        for accepted in ["identity", "gzip", "deflate", "br", "zstd"] {
            for path in
                ["/api/v1/customers?limit=1", "/api/v1/customers?limit=30", "/api/v1/customers/nobody"]
            {
                answers.push(answer(address, path, accepted, &token));
            }
        }
        answers
    });
    let answers = app.run(async move {
        let running = actix_web::rt::spawn(server);
        let answers = actix_web::rt::task::spawn_blocking(|| talk.join().expect("answers")).await;
        stop.stop(false).await;
        running.await.expect("the server ends").expect("without an error");
        answers.expect("answers")
    });
    let packed = answers.iter().filter(|a| a.head.contains("content-encoding: ")).count();
    // The lists of thirty and of one; what fits a packet anyway is left as it is.
    assert!(packed >= 4, "only {packed} answers were compressed");
    for answer in answers {
        assert_eq!(answer.packets, 1, "{}", answer.head);
        assert!(answer.without_delay, "{}", answer.head);
    }
}

struct Answer {
    head: String,
    /// That carried bytes to the client.
    packets: u32,
    /// Whether the server's socket sends at once.
    without_delay: bool,
}

/// Asks on a connection of its own that stays open, so that no packet of its end is counted.
fn answer(address: SocketAddr, path: &str, accepted: &str, token: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: salesdesk\r\nauthorization: Bearer {token}\r\naccept-encoding: {accepted}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("asked");
    let mut said = vec![];
    let head = loop {
        let mut part = [0; 65_536];
        let read = stream.read(&mut part).expect("heard");
        assert!(read > 0, "the answer is cut off: {}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&part[..read]);
        let Some(end) = said.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&said[..end]).to_lowercase();
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if said.len() >= end + 4 + length.expect("a length") {
            break head;
        }
    };
    let here = stream.local_addr().expect("an address");
    let answer = Answer { head, packets: packets(&stream), without_delay: without_delay(here, address) };
    let _ = stream.shutdown(Shutdown::Both);
    answer
}

/// The packets with data that a socket received: `tcpi_data_segs_in` of Linux.
fn packets(stream: &TcpStream) -> u32 {
    const PLACE: usize = 152;
    let info: [u8; 256] = option(stream.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO).expect("its figures");
    u32::from_ne_bytes(info[PLACE..PLACE + 4].try_into().expect("four bytes"))
}

/// Whether this process's end of the connection from `client` to `server` has `TCP_NODELAY`.
fn without_delay(client: SocketAddr, server: SocketAddr) -> bool {
    let files = std::fs::read_dir("/proc/self/fd").expect("open files");
    let numbers = files.filter_map(|file| file.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let ports = (Some(server.port()), Some(client.port()));
    let found =
        numbers.into_iter().find(|n| (port(*n, libc::getsockname), port(*n, libc::getpeername)) == ports);
    let set: [u8; 4] = option(found.expect("the server's socket"), libc::IPPROTO_TCP, libc::TCP_NODELAY)
        .expect("set or not");
    set != [0; 4]
}

type Name = unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut libc::socklen_t) -> i32;

/// The port of one side of a socket of IPv4.
fn port(file: i32, side: Name) -> Option<u16> {
    let mut name = libc::sockaddr_in {
        sin_family: 0,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: 0 },
        sin_zero: [0; 8],
    };
    let mut size = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    // SAFETY: the call writes at most `size` bytes to `name`, which is that large; a number that is no socket is an error.
    let result = unsafe { side(file, (&raw mut name).cast(), &raw mut size) };
    (result == 0 && i32::from(name.sin_family) == libc::AF_INET).then(|| u16::from_be(name.sin_port))
}

fn option<const N: usize>(file: i32, level: i32, name: i32) -> Option<[u8; N]> {
    let mut value = [0; N];
    let mut size = N as libc::socklen_t;
    // SAFETY: the call writes at most `size` bytes to `value`, which is that large.
    let result = unsafe { libc::getsockopt(file, level, name, value.as_mut_ptr().cast(), &raw mut size) };
    (result == 0).then_some(value)
}
