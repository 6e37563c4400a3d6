//! What OAuth libraries read in a problem: `error` and `error_description` (RFC 6749, section 5.2; RFC 6750,
//! section 3.1), beside what every problem says.

/// The paths whose problems OAuth libraries read.
const PATHS: &str = "/api/v1/oauth/";

/// The member `error` of a problem at this path; None where nobody looks for one. Problems that are OAuth's own have
/// its names as their codes.
pub fn error(path: &str, code: &'static str, status: u16) -> Option<&'static str> {
    if !path.starts_with(PATHS) {
        return None;
    }
    Some(match (code, status) {
        ("invalid_client" | "invalid_scope" | "invalid_grant" | "unsupported_grant_type", _) => code,
        (_, 401) => "invalid_token",
        ("forbidden", _) => "insufficient_scope",
        (_, 403) => "access_denied",
        (_, 429 | 503) => "temporarily_unavailable",
        (_, 500..) => "server_error",
        _ => "invalid_request",
    })
}

/// The member `error_description`: ASCII without quotes and backslashes, as the standard wants it.
pub fn description(detail: &str) -> String {
    let plain = |c: char| match c {
        '"' | '\\' => '\'',
        c if c.is_ascii_graphic() || c == ' ' => c,
        _ => '?',
    };
    detail.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oauth_library_finds_the_error_that_it_knows() {
        for (code, status, told) in [
            ("invalid_client", 401, "invalid_client"),
            ("unauthorized", 401, "invalid_token"),
            ("validation_failed", 422, "invalid_request"),
            ("unsupported_media_type", 415, "invalid_request"),
            ("forbidden", 403, "insufficient_scope"),
            ("network_not_allowed", 403, "access_denied"),
            ("too_many_requests", 429, "temporarily_unavailable"),
            ("internal", 500, "server_error"),
        ] {
            assert_eq!(error("/api/v1/oauth/token", code, status), Some(told), "{code}");
            assert_eq!(error("/api/v1/orders", code, status), None);
        }
        assert_eq!(description("the field \"x\" 是"), "the field 'x' ?");
    }
}
