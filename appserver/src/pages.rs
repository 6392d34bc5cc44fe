//! Web pages: the files of the web root, read once at the start.
//!
//! A request is looked up in a table, so no path can leave the folder. `name.br` and `name.gz` beside a file are sent
//! to browsers that take them. Files below `assets/` carry a hash in their name and are cached for good; everything
//! else is asked for again each time and answered 304 while it is the same.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use crate::{origin::AllowedOrigins, problem::Refusal, server::App};

/// Files and bytes a web root may have: more is a mistake in the path.
const MAX_FILES: usize = 5_000;
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// Folders below each other.
const MAX_DEPTH: usize = 16;

/// What scripts may do on our pages. Nothing comes from elsewhere and nothing is evaluated; audio and pictures may be
/// made in the page. Who may frame them follows.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
     worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Pages that talk to the page of another site that opened them: each checks the origin of what it hears, and says
/// what it says to one origin only.
const WITH_OPENER: [&str; 2] = ["/embed.html", "/signed-in.html"];

#[derive(Debug)]
struct File {
    body: Bytes,
    content_type: &'static str,
    etag: HeaderValue,
    encodings: Vec<(&'static str, Bytes)>,
    immutable: bool,
}

/// The files by their path.
#[derive(Debug)]
pub struct Pages {
    files: HashMap<String, File>,
    policy: HeaderValue,
}

impl Pages {
    /// No pages.
    pub fn none() -> Self {
        Self { files: HashMap::new(), policy: HeaderValue::from_static(CONTENT_SECURITY_POLICY) }
    }

    /// Reads a web root. Pages of the listed sites may frame ours: that is how a phone gets into a CRM's sidebar.
    ///
    /// # Errors
    /// When the folder cannot be read, or is far too big for one.
    pub fn load(root: &Path, origins: &AllowedOrigins) -> std::io::Result<Self> {
        let mut raw = HashMap::new();
        let mut bytes = 0;
        let mut folders = vec![(root.to_owned(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = format!("{prefix}/{name}");
                // Follows no link out of the folder.
                let kind = entry.file_type()?;
                if kind.is_dir() && depth < MAX_DEPTH {
                    folders.push((entry.path(), path, depth + 1));
                } else if kind.is_file() && !name.starts_with('.') {
                    let body = std::fs::read(entry.path())?;
                    bytes += body.len();
                    raw.insert(path, Bytes::from(body));
                }
                if raw.len() > MAX_FILES || bytes > MAX_BYTES {
                    return Err(std::io::Error::other("the web root holds too much to be one"));
                }
            }
        }
        let read = |(path, body): (&String, &Bytes)| Some((path.clone(), file(&raw, path, body)?));
        let listed: String = origins.listed().map(|origin| format!(" {}", origin.as_text())).collect();
        let policy = HeaderValue::from_str(&format!("{CONTENT_SECURITY_POLICY}{listed}"));
        let policy = policy.map_err(std::io::Error::other)?;
        Ok(Self { files: raw.iter().filter_map(read).collect(), policy })
    }

    fn find(&self, path: &str) -> Option<&File> {
        let path = if is_old_library(path) { OLD_LIBRARY } else { path };
        if path.ends_with('/') { self.files.get(&format!("{path}index.html")) } else { self.files.get(path) }
    }
}

/// Where pages written for Webitel find its library, by its version: `/public/js/v3.1/webitelLibrary.js`.
fn is_old_library(path: &str) -> bool {
    let version = path.strip_prefix("/public/js/").and_then(|rest| rest.strip_suffix("/webitelLibrary.js"));
    version.is_some_and(|version| {
        (1..=16).contains(&version.len())
            && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    })
}

/// Ours in its place, with the same globals.
const OLD_LIBRARY: &str = "/ringdown-compat.global.js";

fn file(all: &HashMap<String, Bytes>, path: &str, body: &Bytes) -> Option<File> {
    const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];
    for (_, ending) in ENCODINGS {
        if path
            .strip_suffix(ending)
            .and_then(|path| path.strip_suffix('.'))
            .is_some_and(|path| all.contains_key(path))
        {
            return None;
        }
    }
    let encodings = ENCODINGS
        .iter()
        .filter_map(|(name, ending)| Some((*name, all.get(&format!("{path}.{ending}"))?.clone())));
    let tag = format!("\"{}\"", &crate::hex::encode(&Sha256::digest(body))[..32]);
    Some(File {
        body: body.clone(),
        content_type: content_type(path),
        etag: HeaderValue::from_str(&tag).ok()?,
        encodings: encodings.collect(),
        immutable: path.starts_with("/assets/"),
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wav") => "audio/wav",
        Some("mp3") => "audio/mpeg",
        Some("ogg" | "opus") => "audio/ogg",
        Some("wasm") => "application/wasm",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Answers with a file, or with 404.
pub async fn serve(State(app): State<Arc<App>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Refusal::MethodNotAllowed.into_response();
    }
    let Some(file) = app.pages.find(uri.path()) else { return Refusal::NotFound("page").into_response() };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = known.is_some_and(|known| {
        known.split(',').any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == file.etag.as_bytes())
    });
    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    out.insert(header::ETAG, file.etag.clone());
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let cache = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::CONTENT_SECURITY_POLICY, app.pages.policy.clone());
    // The widget is a module script of other sites' pages, and modules are fetched with CORS.
    out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    out.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if WITH_OPENER.contains(&uri.path()) {
        out.insert("cross-origin-opener-policy", HeaderValue::from_static("unsafe-none"));
    }
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let takes = |name: &str| {
        accepted.split(',').any(|one| {
            let mut parts = one.split(';').map(str::trim);
            parts.next() == Some(name) && parts.next() != Some("q=0")
        })
    };
    let encoded = file.encodings.iter().find(|(name, _)| takes(name));
    let body = encoded.map_or(&file.body, |(_, body)| body).clone();
    if let Some((name, _)) = encoded {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    out.insert(header::CONTENT_LENGTH, body.len().into());
    if method == Method::GET {
        *response.body_mut() = Body::from(body);
    }
    response
}
