//! Where the simulated devices' signalling goes: one UDP socket for all telephones, one WebSocket for all pages.

use std::{
    io,
    net::{SocketAddr, TcpStream, UdpSocket},
};

use tungstenite::{
    Message, WebSocket,
    client::{IntoClientRequest, client},
    http::HeaderValue,
};

/// One way to the program under test.
pub(crate) enum Line {
    Udp { socket: UdpSocket, target: SocketAddr },
    WebSocket(Box<WebSocket<TcpStream>>),
}

impl Line {
    /// Telephones at `local`.
    pub(crate) fn udp(local: SocketAddr, target: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(local)?;
        socket.set_nonblocking(true)?;
        Ok(Self::Udp { socket, target })
    }

    /// Pages that speak SIP over WebSocket (RFC 7118).
    pub(crate) fn web_socket(target: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(target)?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{target}/").into_client_request().map_err(io::Error::other)?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let (socket, _) = client(request, stream).map_err(|error| io::Error::other(error.to_string()))?;
        socket.get_ref().set_nonblocking(true)?;
        Ok(Self::WebSocket(Box::new(socket)))
    }

    /// Its own address.
    pub(crate) fn local(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Udp { socket, .. } => socket.local_addr(),
            Self::WebSocket(socket) => socket.get_ref().local_addr(),
        }
    }

    /// Sends a message that was written for UDP.
    pub(crate) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp { socket, target } => socket.send_to(message, *target).map(drop),
            Self::WebSocket(socket) => {
                let text = String::from_utf8_lossy(message);
                // RFC 7118 §5: the transport in Via and Contact.
                let text =
                    text.replace("SIP/2.0/UDP", "SIP/2.0/WS").replace(";transport=udp>", ";transport=ws>");
                socket.send(Message::text(text)).map_err(|error| io::Error::other(error.to_string()))
            }
        }
    }

    /// A message, if one is there.
    pub(crate) fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Udp { socket, .. } => {
                let mut buffer = [0; 8192];
                match socket.recv(&mut buffer) {
                    Ok(length) => Ok(Some(buffer[..length].to_vec())),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Self::WebSocket(socket) => match socket.read() {
                Ok(Message::Text(text)) => Ok(Some(text.as_bytes().to_vec())),
                Ok(Message::Binary(bytes)) => Ok(Some(bytes.to_vec())),
                Ok(_) => Ok(None),
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(io::Error::other(error.to_string())),
            },
        }
    }
}
