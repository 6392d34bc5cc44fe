//! Ring groups, conference rooms and time conditions, for admins.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use ringdown_control::{ConferenceRoom, DirectorySnapshot, RingGroup, TimeCondition};
use ringdown_protocol::Problem;
use ringdown_types::{Extension, GroupId, RoomId, TimeConditionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Admin, Body, no_content};
use crate::{dialplan, problem::Refusal, random::OsRandom, server::App, store::Numbered};

/// A ring group without its id.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GroupBody {
    /// The number others dial.
    extension: String,
    /// The name callers see, 1 to 64 characters.
    name: String,
    /// Accounts, 1 to 64, each once. The order counts for some strategies.
    members: Vec<String>,
    /// `all`, `in-order`, `round-robin` or `longest-idle`.
    strategy: String,
    /// 5 to 300: for all together, or for each in their turn.
    ring_seconds: u16,
    /// A number calls go to that nobody answers.
    #[serde(default)]
    overflow: Option<String>,
}

/// A ring group.
#[derive(Serialize, ToSchema)]
pub(crate) struct Group {
    /// The group.
    id: String,
    /// Everything else.
    #[serde(flatten)]
    body: GroupBody,
}

/// A conference room without its id.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoomBody {
    /// The number others dial.
    extension: String,
    /// 1 to 64 characters.
    name: String,
    /// 4 to 12 digits everybody presses to enter.
    #[serde(default)]
    pin: Option<String>,
    /// 4 to 12 digits that make a moderator; others than `pin`.
    #[serde(default)]
    moderator_pin: Option<String>,
    /// Accounts that moderate without a PIN.
    #[serde(default)]
    moderators: Vec<String>,
    /// 2 to 200.
    max_members: u16,
}

/// A conference room.
#[derive(Serialize, ToSchema)]
pub(crate) struct Room {
    /// The room.
    id: String,
    /// Everything else.
    #[serde(flatten)]
    body: RoomBody,
}

/// A time condition without its id.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TimeConditionBody {
    /// The number others dial.
    extension: String,
    /// 1 to 64 characters.
    name: String,
    /// A name of the IANA time zone database, such as `Europe/Berlin`.
    time_zone: String,
    /// When it is open, week after week.
    weekly: Vec<WeeklyBody>,
    /// Days with hours of their own; the first that covers a day counts.
    #[serde(default)]
    exceptions: Vec<ExceptionBody>,
    /// Where calls go while it is open.
    open_to: String,
    /// Where they go otherwise.
    closed_to: String,
}

/// A time condition.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimeConditionInfo {
    /// The condition.
    id: String,
    /// Everything else.
    #[serde(flatten)]
    body: TimeConditionBody,
}

/// Open hours on some days of the week. Hours that end no later than they begin pass midnight.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeeklyBody {
    /// `mon` to `sun`: on which days they begin.
    days: Vec<String>,
    /// `HH:MM`.
    from: String,
    /// `HH:MM`, up to `24:00`.
    until: String,
}

/// Days with hours of their own.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExceptionBody {
    /// `YYYY-MM-DD`.
    first: String,
    /// `YYYY-MM-DD`; the first day again for a single one.
    last: String,
    /// At most 64 characters.
    #[serde(default)]
    name: String,
    /// Open hours; none for a day that is closed.
    #[serde(default)]
    hours: Vec<SpanBody>,
}

/// From a time to a time.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanBody {
    /// `HH:MM`.
    from: String,
    /// `HH:MM`, up to `24:00`.
    until: String,
}

/// What the handlers below have in common.
trait Kind: Numbered + Clone {
    /// As in "no such …".
    const WHAT: &'static str;

    fn new_id() -> String;

    fn list(directory: &mut DirectorySnapshot) -> &mut Vec<Self>;

    /// Numbers it sends calls to, by field.
    fn targets(&self) -> Vec<(&'static str, &Extension)>;
}

impl Kind for RingGroup {
    const WHAT: &'static str = "group";

    fn new_id() -> String {
        GroupId::random(&mut OsRandom).to_string()
    }

    fn list(directory: &mut DirectorySnapshot) -> &mut Vec<Self> {
        &mut directory.groups
    }

    fn targets(&self) -> Vec<(&'static str, &Extension)> {
        self.overflow.iter().map(|overflow| ("overflow", overflow)).collect()
    }
}

impl Kind for ConferenceRoom {
    const WHAT: &'static str = "room";

    fn new_id() -> String {
        RoomId::random(&mut OsRandom).to_string()
    }

    fn list(directory: &mut DirectorySnapshot) -> &mut Vec<Self> {
        &mut directory.rooms
    }

    fn targets(&self) -> Vec<(&'static str, &Extension)> {
        Vec::new()
    }
}

impl Kind for TimeCondition {
    const WHAT: &'static str = "time condition";

    fn new_id() -> String {
        TimeConditionId::random(&mut OsRandom).to_string()
    }

    fn list(directory: &mut DirectorySnapshot) -> &mut Vec<Self> {
        &mut directory.time_conditions
    }

    fn targets(&self) -> Vec<(&'static str, &Extension)> {
        vec![("openTo", &self.open_to), ("closedTo", &self.closed_to)]
    }
}

/// Reads a body with the types the directory has; what does not fit is told in their words.
fn read<T: Kind>(id: &str, body: &impl Serialize) -> Result<T, Refusal> {
    let mut value = serde_json::to_value(body).map_err(|error| Refusal::bad_request(error.to_string()))?;
    value["id"] = Value::from(id);
    serde_json::from_value(value).map_err(|error| Refusal::bad_request(error.to_string()))
}

async fn list<T: Kind>(app: &App) -> Result<Json<Vec<T>>, Refusal> {
    Ok(Json(app.store.numbers().await?))
}

async fn create<T: Kind>(app: &App, body: &impl Serialize) -> Result<(StatusCode, Json<T>), Refusal> {
    let new: T = read(&T::new_id(), body)?;
    let _one_at_a_time = app.dialplan_changes.lock().await;
    dialplan::check(app, |directory| T::list(directory).push(new.clone()), &new.targets()).await?;
    app.store.create_number(&new).await?;
    app.directory.changed().await;
    Ok((StatusCode::CREATED, Json(new)))
}

async fn replace<T: Kind>(app: &App, id: &str, body: &impl Serialize) -> Result<Json<T>, Refusal> {
    let new: T = read(id, body).map_err(|refusal| match id.len() {
        32 => refusal,
        _ => Refusal::NotFound(T::WHAT),
    })?;
    let _one_at_a_time = app.dialplan_changes.lock().await;
    let change = |directory: &mut DirectorySnapshot| {
        let all = T::list(directory);
        all.retain(|other| other.id() != new.id());
        all.push(new.clone());
    };
    dialplan::check(app, change, &new.targets()).await?;
    if !app.store.replace_number(&new).await? {
        return Err(Refusal::NotFound(T::WHAT));
    }
    app.directory.changed().await;
    Ok(Json(new))
}

async fn delete<T: Kind>(app: &App, id: &str) -> Result<Response, Refusal> {
    if !app.store.delete_number::<T>(id).await? {
        return Err(Refusal::NotFound(T::WHAT));
    }
    app.directory.changed().await;
    Ok(no_content())
}

/// Every ring group, by number.
#[utoipa::path(
    get, path = "/api/v1/groups", tag = "numbers", security(("bearer" = [])),
    responses((status = 200, body = Vec<Group>), (status = 403, body = Problem))
)]
pub(crate) async fn groups(State(app): State<Arc<App>>, _: Admin) -> Result<Json<Vec<RingGroup>>, Refusal> {
    list(&app).await
}

/// Makes a ring group.
#[utoipa::path(
    post, path = "/api/v1/groups", tag = "numbers", security(("bearer" = [])), request_body = GroupBody,
    responses((status = 201, body = Group), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn create_group(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<GroupBody>,
) -> Result<(StatusCode, Json<RingGroup>), Refusal> {
    create(&app, &body).await
}

/// Replaces a ring group.
#[utoipa::path(
    put, path = "/api/v1/groups/{id}", tag = "numbers", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = GroupBody,
    responses((status = 200, body = Group), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn replace_group(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(body): Body<GroupBody>,
) -> Result<Json<RingGroup>, Refusal> {
    replace(&app, &id, &body).await
}

/// Removes a ring group.
#[utoipa::path(
    delete, path = "/api/v1/groups/{id}", tag = "numbers", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem))
)]
pub(crate) async fn delete_group(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    delete::<RingGroup>(&app, &id).await
}

/// Every conference room, by number.
#[utoipa::path(
    get, path = "/api/v1/rooms", tag = "numbers", security(("bearer" = [])),
    responses((status = 200, body = Vec<Room>), (status = 403, body = Problem))
)]
pub(crate) async fn rooms(
    State(app): State<Arc<App>>,
    _: Admin,
) -> Result<Json<Vec<ConferenceRoom>>, Refusal> {
    list(&app).await
}

/// Makes a conference room.
#[utoipa::path(
    post, path = "/api/v1/rooms", tag = "numbers", security(("bearer" = [])), request_body = RoomBody,
    responses((status = 201, body = Room), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn create_room(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<RoomBody>,
) -> Result<(StatusCode, Json<ConferenceRoom>), Refusal> {
    create(&app, &body).await
}

/// Replaces a conference room.
#[utoipa::path(
    put, path = "/api/v1/rooms/{id}", tag = "numbers", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = RoomBody,
    responses((status = 200, body = Room), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn replace_room(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(body): Body<RoomBody>,
) -> Result<Json<ConferenceRoom>, Refusal> {
    replace(&app, &id, &body).await
}

/// Removes a conference room.
#[utoipa::path(
    delete, path = "/api/v1/rooms/{id}", tag = "numbers", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem))
)]
pub(crate) async fn delete_room(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    delete::<ConferenceRoom>(&app, &id).await
}

/// Every time condition, by number.
#[utoipa::path(
    get, path = "/api/v1/time-conditions", tag = "numbers", security(("bearer" = [])),
    responses((status = 200, body = Vec<TimeConditionInfo>), (status = 403, body = Problem))
)]
pub(crate) async fn time_conditions(
    State(app): State<Arc<App>>,
    _: Admin,
) -> Result<Json<Vec<TimeCondition>>, Refusal> {
    list(&app).await
}

/// Makes a time condition.
#[utoipa::path(
    post, path = "/api/v1/time-conditions", tag = "numbers", security(("bearer" = [])),
    request_body = TimeConditionBody,
    responses(
        (status = 201, body = TimeConditionInfo), (status = 400, body = Problem), (status = 409, body = Problem)
    )
)]
pub(crate) async fn create_time_condition(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<TimeConditionBody>,
) -> Result<(StatusCode, Json<TimeCondition>), Refusal> {
    create(&app, &body).await
}

/// Replaces a time condition.
#[utoipa::path(
    put, path = "/api/v1/time-conditions/{id}", tag = "numbers", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = TimeConditionBody,
    responses(
        (status = 200, body = TimeConditionInfo), (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(crate) async fn replace_time_condition(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(body): Body<TimeConditionBody>,
) -> Result<Json<TimeCondition>, Refusal> {
    replace(&app, &id, &body).await
}

/// Removes a time condition.
#[utoipa::path(
    delete, path = "/api/v1/time-conditions/{id}", tag = "numbers", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem))
)]
pub(crate) async fn delete_time_condition(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    delete::<TimeCondition>(&app, &id).await
}
