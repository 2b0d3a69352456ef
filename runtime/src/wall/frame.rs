//! Messages on a stream: a length of four bytes, the lowest first, then JSON.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A message with its length before it.
pub fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = u32::try_from(bytes.len() - 4).map_err(|_| too_long(u64::from(u32::MAX)))?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// Writes a message.
pub fn write(mut out: impl Write, message: &impl Serialize) -> io::Result<()> {
    out.write_all(&encode(message)?)
}

/// Reads a message of the parent's; nothing where the stream ends.
pub fn read<T: DeserializeOwned>(mut stream: impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut bytes = Vec::new();
    stream.take(u32::from_le_bytes(length).into()).read_to_end(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Reads bytes of the parent's that follow a message as they are. The parent says how many, so that is taken at once.
pub fn read_rest(stream: impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    stream.take(length).read_to_end(&mut bytes)?;
    whole(bytes, length)
}

/// Reads a message of a worker's, and how long it is. One that is longer than `longest` is refused
/// before it is read, and no memory is taken for what hasn't come.
pub async fn receive<T: DeserializeOwned>(stream: &mut (impl AsyncRead + Unpin), longest: u64) -> io::Result<(T, u64)> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > longest {
        return Err(too_long(longest));
    }
    let bytes = receive_rest(stream, length).await?;
    Ok((serde_json::from_slice(&bytes)?, length))
}

/// Reads bytes that follow a message as they are. No memory is taken for what hasn't come.
pub async fn receive_rest(stream: &mut (impl AsyncRead + Unpin), length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes).await?;
    whole(bytes, length)
}

fn whole(bytes: Vec<u8>, length: u64) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn too_long(longest: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a message is longer than {longest} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_read() {
        let message = encode(&"x".repeat(100)).unwrap();
        let receive = |bytes: Vec<u8>, longest| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { receive::<String>(&mut &bytes[..], longest).await })
        };
        assert_eq!(receive(message.clone(), 102).unwrap(), ("x".repeat(100), 102));
        assert_eq!(receive(message.clone(), 101).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(receive(message[..50].to_vec(), 102).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(receive(b"\x02\0\0\0{]".to_vec(), 102).is_err());
        assert_eq!(read::<String>(&message[..]).unwrap(), Some("x".repeat(100)));
        assert_eq!(read::<String>(&b""[..]).unwrap(), None);
    }
}
