//! Binding sockets of both IP versions.

use std::{io, net::SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tracing::info;

/// Binds each address. An IPv6 wildcard is passed over where the system has no IPv6.
///
/// # Errors
/// When another one cannot be bound.
pub(super) fn bind_each<T>(
    addresses: &[SocketAddr],
    bind: impl Fn(SocketAddr) -> io::Result<T>,
) -> io::Result<Vec<T>> {
    let mut bound = Vec::with_capacity(addresses.len());
    for &address in addresses {
        match bind(address) {
            Ok(socket) => bound.push(socket),
            Err(error) if is_without_ipv6(address, &error) => {
                info!(%address, "this system has no IPv6");
            }
            Err(error) => return Err(io::Error::new(error.kind(), format!("{address}: {error}"))),
        }
    }
    Ok(bound)
}

fn is_without_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    /// `EAFNOSUPPORT`, which has no [`io::ErrorKind`].
    const NO_SUCH_FAMILY: i32 = 97;
    let is_wildcard = address.is_ipv6() && address.ip().is_unspecified();
    let has_none =
        error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(NO_SUCH_FAMILY);
    is_wildcard && has_none
}

/// A socket that listens to one IP version alone: the same port of the other has a socket of its own.
pub(super) fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
