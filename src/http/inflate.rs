//! Bodies as they were before Content-Encoding packed them, taken piece by piece: a few bytes can stand for gigabytes, so
//! nothing is inflated beyond the limit.

use crate::error::{Code, Error, Result};
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use std::io::{self, Write};

/// What a body may be packed with.
const ENCODINGS: [&str; 4] = ["gzip", "br", "deflate", "identity"];

/// Where a body goes, hashed, as far as its limit.
pub struct Sink<W> {
    target: W,
    left: u64,
    limit: u64,
    hash: aws_lc_rs::digest::Context,
}

impl<W: Write> Sink<W> {
    pub fn new(target: W, limit: u64) -> Self {
        let hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        Self { target, left: limit, limit, hash }
    }

    /// The body, and its hash.
    pub fn into_parts(self) -> (W, Vec<u8>) {
        (self.target, self.hash.finish().as_ref().to_vec())
    }
}

/// Its errors carry ours through whatever writes to it.
impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let carried = |error: Error| io::Error::other(error);
        let detail = || format!("The body is larger than {} bytes.", self.limit);
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| carried(Error::new(Code::BodyTooLarge).detail(detail())))?;
        self.target.write_all(bytes).map_err(|cause| carried(Error::internal(cause)))?;
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Unpacks what is written to it.
pub enum Inflater<W: Write> {
    Plain(Sink<W>),
    Gzip(Box<MultiGzDecoder<Sink<W>>>),
    Deflate(Box<ZlibDecoder<Sink<W>>>),
    Brotli(Box<brotli::DecompressorWriter<Sink<W>>>),
}

impl<W: Write> Inflater<W> {
    /// # Errors
    /// `unsupported-media-type` for an encoding that is none of those known.
    pub fn new(encoding: &str, sink: Sink<W>) -> Result<Self> {
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Plain(sink)),
            "gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(sink)))),
            "deflate" => Ok(Self::Deflate(Box::new(ZlibDecoder::new(sink)))),
            "br" => Ok(Self::Brotli(Box::new(brotli::DecompressorWriter::new(sink, 1 << 14)))),
            _ => Err(Error::new(Code::UnsupportedMediaType)
                .detail(format!("Content-Encoding may be one of {}.", ENCODINGS.join(", ")))),
        }
    }

    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// # Errors
    /// `body-too-large`; `malformed-body` for what is not packed as was said.
    pub fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Deflate(decoder) => decoder.write_all(bytes),
            Self::Brotli(decoder) => decoder.write_all(bytes),
        };
        written.map_err(unpacked)
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Inflater::take`]; `malformed-body` for one that breaks off.
    pub fn finish(self) -> Result<Sink<W>> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Gzip(decoder) => decoder.finish().map_err(unpacked),
            Self::Deflate(decoder) => decoder.finish().map_err(unpacked),
            Self::Brotli(decoder) => decoder.into_inner().map_err(|_| broken()),
        }
    }
}

fn broken() -> Error {
    Error::new(Code::MalformedBody).detail("The body broke off or is not encoded as Content-Encoding says.")
}

fn unpacked(cause: io::Error) -> Error {
    let carried = cause.downcast::<Error>();
    carried.unwrap_or_else(|cause| broken().context(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        let mut encoder = brotli::CompressorWriter::new(&mut packed, 4096, 9, 22);
        encoder.write_all(text).unwrap();
        drop(encoder);
        packed
    }

    /// The body unpacked in pieces of this length, or the code of what is wrong.
    fn unpack(encoding: &str, packed: &[u8], piece: usize, limit: u64) -> Result<Vec<u8>, Code> {
        let mut inflater = Inflater::new(encoding, Sink::new(Vec::new(), limit)).map_err(|error| error.code())?;
        for piece in packed.chunks(piece) {
            inflater.take(piece).map_err(|error| error.code())?;
        }
        inflater.finish().map(|sink| sink.into_parts().0).map_err(|error| error.code())
    }

    #[test]
    fn a_body_is_unpacked_whatever_its_pieces() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|number| (number % 977).to_le_bytes()).collect();
        for (encoding, packed) in
            [("gzip", gzip(&text)), ("deflate", deflate(&text)), ("br", brotli(&text)), ("Identity", text.clone())]
        {
            for piece in [1, 1000, packed.len()] {
                assert_eq!(unpack(encoding, &packed, piece, text.len() as u64), Ok(text.clone()), "{encoding}");
            }
            let short = text.len() as u64 - 1;
            assert_eq!(unpack(encoding, &packed, packed.len(), short), Err(Code::BodyTooLarge), "{encoding}");
        }
        let two = [gzip(b"one, "), gzip(b"two")].concat();
        assert_eq!(unpack("gzip", &two, 7, 100), Ok(b"one, two".to_vec()));
    }

    /// Counts what it is given.
    struct Counter(Arc<AtomicUsize>);

    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.fetch_add(bytes.len(), Ordering::Relaxed);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_is_unpacked_beyond_the_limit() {
        let zeros = vec![0; 8 << 20];
        for (encoding, packed) in [("gzip", gzip(&zeros)), ("deflate", deflate(&zeros)), ("br", brotli(&zeros))] {
            let taken = Arc::new(AtomicUsize::new(0));
            let mut inflater = Inflater::new(encoding, Sink::new(Counter(taken.clone()), 100_000)).unwrap();
            assert!(packed.len() < 10_000, "{encoding} makes {} bytes", packed.len());
            assert_eq!(inflater.take(&packed).unwrap_err().code(), Code::BodyTooLarge);
            drop(inflater);
            assert!(taken.load(Ordering::Relaxed) <= 100_000, "{encoding}: {taken:?}");
        }
    }

    #[test]
    fn what_breaks_off_or_is_packed_otherwise_is_malformed() {
        for (encoding, packed) in [("gzip", gzip(b"text")), ("deflate", deflate(b"text")), ("br", brotli(b"text"))] {
            assert_eq!(unpack(encoding, b"plain text", 4, 100), Err(Code::MalformedBody), "{encoding}");
            assert_eq!(unpack(encoding, &packed[..packed.len() - 2], 4, 100), Err(Code::MalformedBody), "{encoding}");
        }
        assert_eq!(unpack("zip", b"", 1, 100), Err(Code::UnsupportedMediaType));
    }
}
