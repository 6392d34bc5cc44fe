//! What ICMP says of datagrams sent earlier: whom they did not reach.
//!
//! The kernel matches an ICMP error with the datagram it quotes and keeps it in the socket's error queue, with the
//! address the datagram was for. One message of an INVITE to a telephone that is switched off is enough to know, where
//! its timers would take half a minute.

use std::{
    io::{self, IoSliceMut},
    net::{Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    os::fd::{AsFd, AsRawFd},
};

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt,
    sockopt::{Ipv4RecvErr, Ipv6RecvErr},
};
use socket2::Socket;
use tokio::{io::Interest, net::UdpSocket, task::yield_now};
use tracing::debug;

/// Asks the kernel to keep ICMP errors.
pub(super) fn ask_for(socket: &Socket, is_v6: bool) {
    let fd = socket.as_fd();
    let asked = if is_v6 { setsockopt(&fd, Ipv6RecvErr, &true) } else { setsockopt(&fd, Ipv4RecvErr, &true) };
    if let Err(error) = asked {
        debug!(%error, "ICMP errors are not reported");
    }
}

/// Reports the addresses datagrams do not arrive at, for as long as it is polled.
pub(super) async fn watch(socket: &UdpSocket, report: impl Fn(SocketAddr)) {
    loop {
        if let Err(error) = socket.ready(Interest::ERROR).await {
            return debug!(%error, "ICMP errors are not reported");
        }
        // Until the queue is empty, which `try_io` takes note of.
        while let Ok(unreached) = socket.try_io(Interest::ERROR, || take(socket)) {
            unreached.into_iter().for_each(&report);
            yield_now().await;
        }
    }
}

/// The next error: the address it is about, if that cannot be reached.
fn take(socket: &UdpSocket) -> io::Result<Option<SocketAddr>> {
    let mut quoted = [0; 512];
    let mut slices = [IoSliceMut::new(&mut quoted)];
    let mut control = nix::cmsg_space!([u8; 64]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags)?;
    let is_final = message.cmsgs().is_ok_and(|mut controls| controls.any(|control| is_unreachable(&control)));
    Ok(message.address.as_ref().and_then(address_of).filter(|_| is_final))
}

/// Whether an error says that the peer is not there: host, network, port or protocol unreachable. Others pass by
/// themselves (RFC 3261 §18.4), and one that asks for shorter datagrams is the kernel's to heed.
fn is_unreachable(control: &ControlMessageOwned) -> bool {
    /// `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6`: from the network, not from this host.
    const ORIGINS: [u8; 2] = [2, 3];
    const V4_DESTINATION_UNREACHABLE: u8 = 3;
    const V4_FRAGMENTATION_NEEDED: u8 = 4;
    const V6_DESTINATION_UNREACHABLE: u8 = 1;
    match control {
        ControlMessageOwned::Ipv4RecvErr(error, _) => {
            ORIGINS.contains(&error.ee_origin)
                && error.ee_type == V4_DESTINATION_UNREACHABLE
                && error.ee_code != V4_FRAGMENTATION_NEEDED
        }
        ControlMessageOwned::Ipv6RecvErr(error, _) => {
            ORIGINS.contains(&error.ee_origin) && error.ee_type == V6_DESTINATION_UNREACHABLE
        }
        _ => false,
    }
}

fn address_of(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddrV4::new(v4.ip(), v4.port()).into());
    }
    let v6 = address.as_sockaddr_in6()?;
    let ip: Ipv6Addr = v6.ip();
    Some(SocketAddrV6::new(ip, v6.port(), v6.flowinfo(), v6.scope_id()).into())
}
