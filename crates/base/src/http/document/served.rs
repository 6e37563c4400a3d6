//! The document as it is served: written once, compressed once for each encoding, and so are its parts.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use actix_web::http::header::ContentEncoding;
use actix_web::web::Bytes;
use serde_json::Value;

use super::share;
use crate::error::{Error, Fault, Result};
use crate::http::params::bad;
use crate::secret::sha256_hex;

/// So many parts are kept; there are more sets of tags than memory for them.
const MOST_PARTS: usize = 16;

/// One document in every encoding that somebody asked for.
pub struct Served {
    plain: Bytes,
    digest: String,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
    packing: Mutex<()>,
}

impl Served {
    fn new(document: &Value) -> Served {
        let plain = Bytes::from(document.to_string());
        let digest = sha256_hex(&plain)[..16].to_owned();
        let empty = OnceLock::new;
        Served { plain, digest, gzip: empty(), brotli: empty(), zstd: empty(), packing: Mutex::default() }
    }

    pub fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// The bytes in an encoding, or as they are where it is none of [`Served::kept_in`]. The first time takes a while.
    pub fn encoded(&self, encoding: ContentEncoding) -> io::Result<Bytes> {
        let kept = match encoding {
            ContentEncoding::Gzip => &self.gzip,
            ContentEncoding::Brotli => &self.brotli,
            ContentEncoding::Zstd => &self.zstd,
            _ => return Ok(self.plain.clone()),
        };
        if let Some(bytes) = kept.get() {
            return Ok(bytes.clone());
        }
        // Whoever asks meanwhile waits for it instead of doing the same.
        let _packing = self.packing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = kept.get() {
            return Ok(bytes.clone());
        }
        let packed = Bytes::from(pack(encoding, &self.plain)?);
        Ok(kept.get_or_init(|| packed).clone())
    }

    /// The encoding that an answer is in for a caller who wants this one.
    pub fn kept_in(wanted: ContentEncoding) -> ContentEncoding {
        match wanted {
            ContentEncoding::Gzip | ContentEncoding::Brotli | ContentEncoding::Zstd => wanted,
            _ => ContentEncoding::Identity,
        }
    }

    /// A strong tag: each encoding has other bytes, so it has another tag.
    pub fn etag(&self, encoding: ContentEncoding) -> String {
        match encoding {
            ContentEncoding::Gzip => format!("\"{}-gzip\"", self.digest),
            ContentEncoding::Brotli => format!("\"{}-br\"", self.digest),
            ContentEncoding::Zstd => format!("\"{}-zstd\"", self.digest),
            _ => format!("\"{}\"", self.digest),
        }
    }

    /// Whether a caller with these tags (`If-None-Match`) has this document, in whichever encoding.
    pub fn is_known(&self, if_none_match: &str) -> bool {
        let tags = if_none_match.split(',').map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'));
        tags.map(|tag| tag.split('-').next().unwrap_or(tag)).any(|tag| tag == "*" || tag == self.digest)
    }
}

/// At a level that takes its time, since it is done once.
fn pack(encoding: ContentEncoding, plain: &[u8]) -> io::Result<Vec<u8>> {
    let room = Vec::with_capacity(plain.len() / 8);
    match encoding {
        ContentEncoding::Brotli => {
            let mut to = brotli::CompressorWriter::new(room, 64 * 1024, 9, 22);
            to.write_all(plain)?;
            Ok(to.into_inner())
        }
        ContentEncoding::Zstd => zstd::bulk::compress(plain, 15),
        _ => {
            let mut to = flate2::write::GzEncoder::new(room, flate2::Compression::best());
            to.write_all(plain)?;
            to.finish()
        }
    }
}

/// The whole document, and the parts of it that were asked for last.
pub struct Documents {
    whole: Arc<Served>,
    tags: Vec<String>,
    parts: Mutex<VecDeque<(BTreeSet<String>, Arc<Served>)>>,
}

impl Documents {
    pub fn new(document: &Value) -> Documents {
        let tags = share::tags(document).map(str::to_owned).collect();
        Documents { whole: Arc::new(Served::new(document)), tags, parts: Mutex::default() }
    }

    pub fn whole(&self) -> Arc<Served> {
        self.whole.clone()
    }

    /// The document of the operations with these tags, separated by commas.
    pub fn part(&self, tags: &str) -> Result<Arc<Served>> {
        let wanted: BTreeSet<String> = tags.split(',').map(|tag| tag.trim().to_owned()).collect();
        if let Some(unknown) = wanted.iter().find(|tag| !self.tags.contains(tag)) {
            let fault = Fault::parameter("tags", "not_allowed").with("allowed", self.tags.join(", "));
            return Err(bad(vec![fault.with("value", unknown)]));
        }
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let found = parts.iter().position(|(known, _)| *known == wanted).and_then(|at| parts.remove(at));
        let part = match found {
            Some((_, part)) => part,
            None => {
                let whole: Value =
                    serde_json::from_slice(&self.whole.plain).map_err(|e| Error::internal(e.to_string()))?;
                Arc::new(Served::new(&share::part(&whole, &wanted)))
            }
        };
        parts.truncate(MOST_PARTS - 1);
        parts.push_front((wanted, part.clone()));
        Ok(part)
    }
}
