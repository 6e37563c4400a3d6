//! Compression of answers.
//!
//! An answer that lies in memory as a whole is compressed as a whole and leaves with its head in one write. Only streams and
//! very large answers go through the framework's compressor, which writes in pieces.

use std::io::{self, Write};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

/// Bytes that are not worth compressing: they fit a packet anyway.
const SMALL: u64 = 1024;
/// Above this size compressing takes long enough to be done beside the thread that answers.
const LARGE: u64 = 256 * 1024;
/// Tells both compressors to leave a body alone; taken off again by [`settle_encoding`].
const AS_IS: HeaderValue = HeaderValue::from_static("identity");

/// Marks answers that are not to be compressed: small ones, and events, which must leave at once instead of filling a
/// compressor's buffer.
pub fn mark(response: &mut HttpResponse) {
    let is_events = |v: &HeaderValue| v.as_bytes().starts_with(b"text/event-stream");
    let as_is = match response.body().size() {
        BodySize::None | BodySize::Sized(0..SMALL) => true,
        BodySize::Sized(_) => false,
        BodySize::Stream => response.headers().get(header::CONTENT_TYPE).is_some_and(is_events),
    };
    if as_is && !response.headers().contains_key(header::CONTENT_ENCODING) {
        response.headers_mut().insert(header::CONTENT_ENCODING, AS_IS);
    }
}

/// Compresses an answer that lies in memory, so that head and body leave in one write.
pub async fn compress_whole(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let encoding = wanted(&req);
    let response = next.call(req).await?.map_into_boxed_body();
    let settled = response.headers().contains_key(header::CONTENT_ENCODING);
    let Some(encoding) = encoding.filter(|_| !settled) else { return Ok(response) };
    if !matches!(response.response().body().size(), BodySize::Sized(SMALL..LARGE)) {
        return Ok(response);
    }
    let (req, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        Err(body) => return Ok(ServiceResponse::new(req, response.set_body(body))),
    };
    let packed = pack(encoding, &body)?;
    response.headers_mut().insert(header::CONTENT_ENCODING, encoding.to_header_value());
    Ok(ServiceResponse::new(req, response.set_body(BoxBody::new(packed))))
}

fn wanted(req: &ServiceRequest) -> Option<ContentEncoding> {
    encoding_of(req.request())
}

/// The encoding that the caller likes best of ours; None when that is none.
pub fn encoding_of(req: &HttpRequest) -> Option<ContentEncoding> {
    // Without the header anything would do; most who leave it out do not expect an encoding.
    let accepted = req.get_header::<AcceptEncoding>()?;
    match accepted.negotiate(ours().iter())? {
        Encoding::Known(ContentEncoding::Identity) | Encoding::Unknown(_) => None,
        Encoding::Known(known) => Some(known),
    }
}

fn ours() -> [Encoding; 5] {
    [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::deflate(), Encoding::zstd()]
}

/// A body in an encoding, at a level that is quick.
fn pack(encoding: ContentEncoding, body: &[u8]) -> io::Result<Vec<u8>> {
    let room = Vec::with_capacity(body.len() / 4);
    match encoding {
        ContentEncoding::Brotli => {
            let mut to = brotli::CompressorWriter::new(room, 32 * 1024, 3, 22);
            to.write_all(body)?;
            Ok(to.into_inner())
        }
        ContentEncoding::Zstd => zstd::bulk::compress(body, 3),
        ContentEncoding::Deflate => {
            let mut to = flate2::write::ZlibEncoder::new(room, flate2::Compression::fast());
            to.write_all(body)?;
            to.finish()
        }
        _ => {
            let mut to = flate2::write::GzEncoder::new(room, flate2::Compression::fast());
            to.write_all(body)?;
            to.finish()
        }
    }
}

/// Around the framework's compressor, which would answer 406 in its own words where no encoding suits: such a caller gets
/// the answer as it is.
pub async fn settle_encoding(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let accepted = req.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    if accepted.is_some_and(|a| a.contains("q=0")) && !suits(&req) {
        req.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let mut response = next.call(req).await?;
    if response.headers().get(header::CONTENT_ENCODING) == Some(&AS_IS) {
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    Ok(response)
}

/// Whether there is an encoding that the caller takes, none among them.
fn suits(req: &ServiceRequest) -> bool {
    AcceptEncoding::parse(req).map_or(true, |accepted| accepted.negotiate(ours().iter()).is_some())
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    #[test]
    fn events_and_small_answers_are_left_alone() {
        let body = |size: usize| HttpResponse::Ok().content_type("application/json").body("x".repeat(size));
        let stream = |media_type: &str| {
            let none = futures_util::stream::empty::<Result<Bytes, actix_web::Error>>();
            HttpResponse::Ok().content_type(media_type).streaming(none)
        };
        let left_alone = |mut response: HttpResponse| {
            mark(&mut response);
            response.headers().get(header::CONTENT_ENCODING) == Some(&AS_IS)
        };
        assert!(!left_alone(body(SMALL as usize)));
        assert!(left_alone(body(SMALL as usize - 1)));
        assert!(left_alone(HttpResponse::NoContent().finish()));
        assert!(!left_alone(stream("text/csv; charset=utf-8")));
        assert!(left_alone(stream("text/event-stream")));
        assert!(left_alone(stream("text/event-stream; charset=utf-8")));
    }
}
