//! Feature codes and the parking lot, for admins.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use ringdown_control::{Feature, FeatureCodes, ParkingLot};
use ringdown_protocol::Problem;
use ringdown_types::Extension;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Admin, Body};
use crate::{dialplan, directory, problem::Refusal, server::App};

/// What each feature's code is; null where it is off.
type Codes = BTreeMap<String, Option<String>>;

/// Where parked calls wait.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Lot {
    /// The first slot, a number.
    first: u32,
    /// The last slot; at most 1,000 in all.
    last: u32,
    /// How long a call waits before it rings whoever parked it, 10 to 3,600.
    timeout_seconds: u16,
}

/// Body and answer of `/api/v1/parking`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parking {
    /// The lot; null where nothing can be parked.
    lot: Option<Lot>,
}

/// Every feature's code.
#[utoipa::path(
    get, path = "/api/v1/feature-codes", tag = "numbers", security(("bearer" = [])),
    responses((status = 200, body = Codes), (status = 403, body = Problem))
)]
pub(crate) async fn codes(State(app): State<Arc<App>>, _: Admin) -> Result<Json<Codes>, Refusal> {
    let (_, directory) = directory::read(&app.store, &app.realm).await?;
    Ok(Json(as_map(&directory.feature_codes)))
}

/// Changes features' codes; null switches one off, and what is left out stays.
#[utoipa::path(
    patch, path = "/api/v1/feature-codes", tag = "numbers", security(("bearer" = [])), request_body = Codes,
    responses((status = 200, body = Codes), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn change_codes(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<Codes>,
) -> Result<Json<Codes>, Refusal> {
    let mut changes = Vec::new();
    for (name, code) in body {
        let feature = Feature::from_name(&name)
            .ok_or_else(|| Refusal::bad_request(format!("there is no feature {name}")))?;
        let code = code.map(|code| code.parse::<Extension>()).transpose();
        changes.push((feature, code.map_err(|error| Refusal::bad_request(format!("{name}: {error}")))?));
    }
    let _one_at_a_time = app.dialplan_changes.lock().await;
    let mut after = FeatureCodes::none();
    let set = |directory: &mut ringdown_control::DirectorySnapshot| {
        for (feature, code) in &changes {
            directory.feature_codes.set(*feature, code.clone());
        }
        after = directory.feature_codes.clone();
    };
    dialplan::check(&app, set, &[]).await?;
    app.store.change_codes(&changes).await?;
    app.directory.changed().await;
    Ok(Json(as_map(&after)))
}

/// Where parked calls wait.
#[utoipa::path(
    get, path = "/api/v1/parking", tag = "numbers", security(("bearer" = [])),
    responses((status = 200, body = Parking), (status = 403, body = Problem))
)]
pub(crate) async fn parking(State(app): State<Arc<App>>, _: Admin) -> Result<Json<Parking>, Refusal> {
    let (_, directory) = directory::read(&app.store, &app.realm).await?;
    let lot = directory.parking.map(|lot| Lot {
        first: lot.first,
        last: lot.last,
        timeout_seconds: lot.timeout_seconds,
    });
    Ok(Json(Parking { lot }))
}

/// Changes where parked calls wait; null takes the lot away.
#[utoipa::path(
    put, path = "/api/v1/parking", tag = "numbers", security(("bearer" = [])), request_body = Parking,
    responses((status = 200, body = Parking), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn change_parking(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<Parking>,
) -> Result<Json<Parking>, Refusal> {
    let lot = body.lot.as_ref().map(|lot| ParkingLot {
        first: lot.first,
        last: lot.last,
        timeout_seconds: lot.timeout_seconds,
    });
    let _one_at_a_time = app.dialplan_changes.lock().await;
    dialplan::check(&app, |directory| directory.parking = lot, &[]).await?;
    app.store.set_parking_lot(lot).await?;
    app.directory.changed().await;
    Ok(Json(body))
}

fn as_map(codes: &FeatureCodes) -> Codes {
    let code = |feature| codes.get(feature).map(ToString::to_string);
    Feature::ALL.into_iter().map(|feature| (feature.name().to_owned(), code(feature))).collect()
}
