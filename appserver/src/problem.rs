//! REST errors: `application/problem+json` (RFC 9457) with what to do about it.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ringdown_protocol::{ErrorCode, ErrorInfo, Problem};
use ringdown_types::Pii;

use crate::{password::Overloaded, store::StoreError};

/// Why a REST request is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body or a parameter is wrong.
    #[error("{0}")]
    BadRequest(Pii<String>),
    /// Name or password do not fit, or the token is not valid.
    #[error("bad credentials")]
    BadCredentials,
    /// The account has not the right.
    #[error("forbidden")]
    Forbidden,
    /// A page of a site that is not listed.
    #[error("foreign origin")]
    ForeignOrigin,
    /// Nothing there.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The path knows no such method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// It does not go with what is there.
    #[error("{0}")]
    Conflict(String),
    /// The body is longer than so many bytes.
    #[error("the body is longer than {0} bytes")]
    TooLarge(u64),
    /// No room is left for files: what is full, and what makes room.
    #[error("{0}")]
    Full(&'static str),
    /// Too many requests; wait so many seconds.
    #[error("too many requests")]
    RateLimited(u64),
    /// Too much to do at once.
    #[error("overloaded")]
    Overloaded,
    /// No softswitch answers.
    #[error("{0}")]
    SwitchUnavailable(String),
    /// An identity provider does not answer as it should.
    #[error("the identity provider does not answer")]
    ProviderUnavailable,
    /// A fault of the server's.
    #[error(transparent)]
    Internal(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(_) | StoreError::LastAdmin => Self::Conflict(error.to_string()),
            other => Self::Internal(other),
        }
    }
}

impl From<Overloaded> for Refusal {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

impl Refusal {
    /// A wrong body or parameter.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::BadRequest(Pii(detail.into()))
    }

    /// The same over the client protocol.
    pub fn as_error_info(&self) -> ErrorInfo {
        let code = match self {
            Self::BadRequest(_) | Self::Conflict(_) | Self::TooLarge(_) | Self::MethodNotAllowed => {
                ErrorCode::BadRequest
            }
            Self::BadCredentials | Self::Forbidden | Self::ForeignOrigin => ErrorCode::Forbidden,
            Self::NotFound(_) => ErrorCode::BadRequest,
            Self::RateLimited(_) | Self::Overloaded | Self::Full(_) => ErrorCode::RateLimited,
            Self::SwitchUnavailable(_) => ErrorCode::SwitchUnavailable,
            Self::ProviderUnavailable => ErrorCode::Internal,
            Self::Internal(error) => {
                tracing::error!(%error, "a request failed");
                return ErrorInfo::new(ErrorCode::Internal, "the store failed");
            }
        };
        let message = match self {
            Self::BadRequest(detail) => detail.0.clone(),
            other => other.to_string(),
        };
        ErrorInfo::new(code, message)
    }

    fn parts(&self) -> (StatusCode, &'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::BadRequest(_) => (
                StatusCode::BAD_REQUEST,
                "bad-request",
                "The request is not understood.",
                &["Compare the request with /api/openapi.json."],
            ),
            Self::BadCredentials => (
                StatusCode::UNAUTHORIZED,
                "bad-credentials",
                "The credentials are not valid.",
                &["Check the name and the password.", "Sign in again."],
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "The account has not the right.",
                &["Sign in as an admin."],
            ),
            Self::ForeignOrigin => (
                StatusCode::FORBIDDEN,
                "foreign-origin",
                "Pages of this site may not use the server.",
                &["Add the site to allowed_origins (RINGDOWN_ALLOWED_ORIGINS)."],
            ),
            Self::NotFound(_) => (
                StatusCode::NOT_FOUND,
                "not-found",
                "There is no such thing.",
                &["Check the path and the id."],
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The path does not know this method.",
                &["Compare the request with /api/openapi.json."],
            ),
            Self::Conflict(_) => (
                StatusCode::CONFLICT,
                "conflict",
                "It does not go with what is there.",
                &["Choose another value."],
            ),
            Self::TooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is longer than allowed.",
                &["Send less."],
            ),
            Self::Full(_) => (
                StatusCode::INSUFFICIENT_STORAGE,
                "full",
                "There is no room for the file.",
                &["Delete files that are needed no more.", "Ask an admin for a higher limit."],
            ),
            Self::RateLimited(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate-limited",
                "Too many requests.",
                &["Wait as long as Retry-After says."],
            ),
            Self::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "The server has too much to do.",
                &["Try again in a few seconds."],
            ),
            Self::SwitchUnavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "switch-unavailable",
                "No softswitch answers.",
                &["Start the softswitch, or try again once it is connected."],
            ),
            Self::ProviderUnavailable => (
                StatusCode::BAD_GATEWAY,
                "provider-unavailable",
                "The identity provider does not answer.",
                &["Try again in a moment.", "Check the addresses in oidc_providers and trusted_issuers."],
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The server has a fault.",
                &["Try again.", "Look into the server's log."],
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, title, solutions) = self.parts();
        let detail = match &self {
            Self::BadRequest(detail) => detail.0.clone(),
            Self::Internal(error) => {
                tracing::error!(%error, "a request failed");
                "the store failed".to_owned()
            }
            other => other.to_string(),
        };
        let problem = Problem {
            kind: format!("urn:ringdown:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: Pii(detail),
            solutions: solutions.iter().map(|&line| line.to_owned()).collect(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::RateLimited(seconds) => {
                headers.insert(header::RETRY_AFTER, seconds.max(1).into());
            }
            Self::Overloaded | Self::SwitchUnavailable(_) => {
                headers.insert(header::RETRY_AFTER, 2.into());
            }
            Self::BadCredentials => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
