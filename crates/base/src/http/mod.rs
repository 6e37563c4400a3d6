//! HTTP: one declaration per endpoint mounts it, protects it and documents it.
//!
//! An area declares its endpoints with [`Routes`]; a handler is a plain function on a unit of work
//! (`fn(&mut Tx, &Req<Path, Body>) -> Result<Answer<View>>`) or on a snapshot (`&mut ReadTx`). Everything around it
//! (token, scope, media type, limits, `If-Match`, checking the body, `Idempotency-Key`, `dry_run`, `fields`,
//! `expand`, problems) is done by [`dispatch`] for all alike. An endpoint that was not declared does not exist.

pub mod actions;
pub mod answer;
pub mod call;
pub mod compress;
pub mod context;
pub mod cors;
pub mod cursor;
pub mod dispatch;
pub mod document;
pub mod expand;
pub mod external;
pub mod finish;
pub mod history;
pub mod idempotency;
pub mod limits;
pub mod params;
pub mod patch;
pub mod request_info;
pub mod response;
pub mod validator;
pub mod web;
pub mod widened;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use answer::{Answer, Reply};
pub use context::Ctx;
pub use patch::Patch;

use self::params::{Common, Param, Query};
use super::auth::Scope;
use super::background::Task;
use super::core::Core;
use super::db::list::{ListSpec, Page};
use super::db::{ReadTx, Tx};
use super::deadlines::Consequence;
use super::deadlines::model::{Deadline, DeadlineAction};
use super::declared::Declared;
use super::error::{Error, Result};
use super::events::EventSource;
use super::events::follow::Follower;
use super::jobs::{JobKind, StepFn};
use super::metrics::Traffic;
use super::schedules::Schedule;
use super::types::{Kind, RecordId};
use crate::Area;
use crate::notices::NoticeKind;
use validator::SchemaValidator;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Who may call an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// Anybody, without a token.
    Public,
    /// Anybody who is logged in.
    Person,
    /// A machine client that proves itself by its secret, or whoever has one of these scopes. The handler looks,
    /// because the secret may be in the body.
    Client(&'static [Scope]),
    /// Whoever has one of these scopes.
    Scope(&'static [Scope]),
}

/// What an endpoint is to the write conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads one thing.
    Read,
    List,
    /// POST on a collection: 201, dry run, Idempotency-Key.
    Create,
    /// A step in a life, or another POST that changes something: 200, dry run, Idempotency-Key.
    Action,
    /// PATCH: If-Match needed.
    Change,
    /// DELETE: 204, If-Match needed.
    Remove,
    /// PUT by external id: creates or changes.
    Upsert,
    /// POST that begins long work: 202 with the job and its `Location`, dry run, Idempotency-Key.
    Start,
    /// POST that changes no business record: log-in and the like.
    Talk,
}

impl OperationKind {
    pub fn method(self) -> Method {
        match self {
            OperationKind::Read | OperationKind::List => Method::Get,
            OperationKind::Create | OperationKind::Action | OperationKind::Start | OperationKind::Talk => {
                Method::Post
            }
            OperationKind::Change => Method::Patch,
            OperationKind::Remove => Method::Delete,
            OperationKind::Upsert => Method::Put,
        }
    }
    pub fn needs_version(self) -> bool {
        matches!(self, OperationKind::Change | OperationKind::Remove)
    }
    pub fn takes_key(self) -> bool {
        matches!(self, OperationKind::Create | OperationKind::Action | OperationKind::Start)
    }
    pub fn writes(self) -> bool {
        !matches!(self, OperationKind::Read | OperationKind::List)
    }
    pub fn success(self) -> u16 {
        match self {
            OperationKind::Create => 201,
            OperationKind::Start => 202,
            OperationKind::Remove => 204,
            _ => 200,
        }
    }
}

/// The placeholders in an endpoint's path.
pub trait PathArgs: Sized + Clone + Send + 'static {
    /// One pattern per placeholder, for the document: prefix of the id, or None for free text.
    const PREFIXES: &'static [Option<&'static str>];
    fn parse(args: &[String]) -> Option<Self>;
}
impl PathArgs for () {
    const PREFIXES: &'static [Option<&'static str>] = &[];
    fn parse(_: &[String]) -> Option<Self> {
        Some(())
    }
}
impl PathArgs for String {
    const PREFIXES: &'static [Option<&'static str>] = &[None];
    fn parse(args: &[String]) -> Option<Self> {
        args.first().cloned()
    }
}
impl PathArgs for (String, String) {
    const PREFIXES: &'static [Option<&'static str>] = &[None, None];
    fn parse(args: &[String]) -> Option<Self> {
        Some((args.first()?.clone(), args.get(1)?.clone()))
    }
}
impl<I: RecordId> PathArgs for (I, String) {
    const PREFIXES: &'static [Option<&'static str>] = &[Some(I::PREFIX), None];
    fn parse(args: &[String]) -> Option<Self> {
        Some((args.first()?.parse().ok()?, args.get(1)?.clone()))
    }
}
impl<I: RecordId> PathArgs for I {
    const PREFIXES: &'static [Option<&'static str>] = &[Some(I::PREFIX)];
    fn parse(args: &[String]) -> Option<Self> {
        args.first()?.parse().ok()
    }
}
impl<I: RecordId, J: RecordId> PathArgs for (I, J) {
    const PREFIXES: &'static [Option<&'static str>] = &[Some(I::PREFIX), Some(J::PREFIX)];
    fn parse(args: &[String]) -> Option<Self> {
        Some((args.first()?.parse().ok()?, args.get(1)?.parse().ok()?))
    }
}

/// A request, checked against its endpoint's declaration.
#[derive(Debug, Clone)]
pub struct Req<P = (), B = ()> {
    pub path: P,
    pub query: Query,
    pub body: B,
}

/// What a body is read from.
pub trait Body: Sized + Clone + Send + 'static {
    /// The body's schema; None when there is no body.
    fn schema(components: &mut Components) -> Option<BodySchema>;
    fn read(body: Incoming, validator: Option<&Arc<SchemaValidator>>) -> Result<Self>;
}

/// A body as it came, before it is typed.
#[derive(Debug, Clone, Default)]
pub enum Incoming {
    #[default]
    Nothing,
    /// What the JSON or the form said.
    Value(Value),
    /// A file, under one of the media types that the endpoint takes.
    File(&'static str, Bytes),
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Json,
    /// `application/x-www-form-urlencoded`, each field once.
    Form,
    /// A file of one of these types.
    File(&'static [&'static str]),
}

pub struct BodySchema {
    pub reference: Value,
    /// A merge patch of that schema.
    pub patch: bool,
    pub media: Media,
}

impl Body for () {
    fn schema(_: &mut Components) -> Option<BodySchema> {
        None
    }
    fn read(_: Incoming, _: Option<&Arc<SchemaValidator>>) -> Result<Self> {
        Ok(())
    }
}

impl Incoming {
    /// The value that a JSON body or a form said; an empty object when there was none.
    pub fn value(self) -> Value {
        match self {
            Incoming::Value(value) => value,
            _ => Value::Object(Map::new()),
        }
    }
}

impl<T: ToSchema + DeserializeOwned + Clone + Send + 'static> Body for Json<T> {
    fn schema(components: &mut Components) -> Option<BodySchema> {
        Some(BodySchema { reference: components.reference::<T>(), patch: false, media: Media::Json })
    }
    fn read(body: Incoming, validator: Option<&Arc<SchemaValidator>>) -> Result<Self> {
        let mut value = body.value();
        if let Some(validator) = validator {
            validator.bring_keys_to_form(&mut value);
            refuse(validator.check(&value))?;
        }
        from_value(value).map(Json)
    }
}

impl<T: ToSchema + DeserializeOwned + Clone + Send + 'static> Body for Form<T> {
    fn schema(components: &mut Components) -> Option<BodySchema> {
        Some(BodySchema { reference: components.reference::<T>(), patch: false, media: Media::Form })
    }
    fn read(body: Incoming, validator: Option<&Arc<SchemaValidator>>) -> Result<Self> {
        <Json<T> as Body>::read(body, validator).map(|json| Form(json.0))
    }
}

/// The fields of a form, as OAuth writes its requests; all of them are texts.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

/// The media types that a kind of file may come in.
pub trait FileKind: Clone + Send + 'static {
    const TYPES: &'static [&'static str];
}

/// A file as the body.
#[derive(Debug, Clone)]
pub struct File<K> {
    /// One of `K::TYPES`.
    pub media_type: &'static str,
    pub bytes: Bytes,
    kind: std::marker::PhantomData<fn() -> K>,
}

impl<K: FileKind> Body for File<K> {
    fn schema(_: &mut Components) -> Option<BodySchema> {
        // A file has no schema beside its media type.
        Some(BodySchema { reference: Value::Null, patch: false, media: Media::File(K::TYPES) })
    }
    fn read(body: Incoming, _: Option<&Arc<SchemaValidator>>) -> Result<Self> {
        let (media_type, bytes) = match body {
            Incoming::File(media_type, bytes) => (media_type, bytes),
            _ => (K::TYPES[0], Bytes::new()),
        };
        Ok(File { media_type, bytes, kind: std::marker::PhantomData })
    }
}

/// A JSON body of this type.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T> std::ops::Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// 422 with all faults that the schema finds, if any.
fn refuse(faults: Vec<validator::Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults.into_iter().map(Into::into).collect())) }
}

/// The typed value; what the schema lets through and the type refuses is still the caller's fault.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| {
        let fault = super::error::Fault::at("", "malformed").with("reason", e);
        Error::invalid(vec![fault])
    })
}

/// A request before it is typed.
#[derive(Clone, Default)]
pub struct RawReq {
    pub path: Vec<String>,
    pub query: Query,
    pub body: Incoming,
}

pub type ReadUnit = Box<dyn FnOnce(&mut ReadTx) -> Result<Reply> + Send>;
pub type WriteUnit = Box<dyn FnMut(&mut Tx) -> Result<Reply> + Send>;

type WriteHandler = dyn Fn(RawReq, Option<&Arc<SchemaValidator>>) -> Result<WriteUnit> + Send + Sync;

/// What runs when the request has been checked.
pub enum Handler {
    Read(Box<dyn Fn(RawReq) -> Result<ReadUnit> + Send + Sync>),
    Write(Box<WriteHandler>),
    /// Needs more than one unit, or slow work beside the database (password hashing).
    Flow(
        Box<
            dyn Fn(Ctx, RawReq, Option<Arc<SchemaValidator>>) -> LocalBoxFuture<'static, Result<Reply>>
                + Send
                + Sync,
        >,
    ),
}

/// One endpoint: everything about it.
pub struct Endpoint {
    pub nature: OperationKind,
    pub method: Method,
    /// Relative to `/api/v1`.
    pub path: &'static str,
    pub operation_id: &'static str,
    pub tag: &'static str,
    /// The area that declares it.
    pub area: &'static str,
    pub access: Access,
    pub summary: &'static str,
    pub about: &'static str,
    pub params: Vec<Param>,
    pub common: Common,
    pub path_prefixes: &'static [Option<&'static str>],
    pub body: Option<BodySchema>,
    pub body_optional: bool,
    pub body_example: Option<Value>,
    pub max_body: usize,
    pub answer: Option<Value>,
    pub answer_example: Option<Value>,
    /// What the answer is when it is not JSON: its media types.
    pub answer_media: &'static [&'static str],
    /// The names that `fields` can name; known when the document is built.
    pub fields: Vec<String>,
    /// Problems beyond those that its nature brings.
    pub problems: Vec<&'static str>,
    pub answers_version: bool,
    pub validator: Option<Arc<SchemaValidator>>,
    /// Open also to somebody who has yet to change the password that somebody else has set.
    pub first_steps: bool,
    /// Open also to a machine client that is restricted to customers or a team: it keeps to what they may see.
    pub within_restrictions: bool,
    pub handler: Handler,
    /// What it was asked so far.
    pub traffic: Traffic,
}

/// Bodies are at most this large, unless an endpoint says otherwise.
pub const MAX_BODY: usize = 1 << 20;

/// The document's schemas, gathered while endpoints are declared.
#[derive(Default)]
pub struct Components {
    pub schemas: BTreeMap<String, Value>,
    /// The names of those whose fields are answered only when they were asked for.
    pub sparse: Vec<String>,
}

impl Components {
    /// A reference to a type's schema, which is added with all that it refers to.
    pub fn reference<T: ToSchema>(&mut self) -> Value {
        let mut found = Vec::new();
        T::schemas(&mut found);
        found.push((T::name().into_owned(), T::schema()));
        for (name, schema) in found {
            if let Ok(schema) = serde_json::to_value(&schema) {
                self.schemas.entry(name).or_insert(schema);
            }
        }
        serde_json::json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
    }

    /// The schema of a list of words that areas declare: it takes the place of what the type itself says.
    pub fn words(&mut self, name: &str, words: &[&'static str], about: &[&str]) {
        let schema = super::types::text_enum::enum_schema(words, about);
        if let Ok(schema) = serde_json::to_value(&schema) {
            self.schemas.insert(name.to_owned(), schema);
        }
    }

    /// A reference to the page schema of a type's list.
    pub fn page_of<T: ToSchema>(&mut self) -> Value {
        let item = self.reference::<T>();
        let name = format!("{}List", T::name());
        let page = serde_json::json!({
            "type": "object",
            "description": "One page of a list. `has_more` says whether another page follows.",
            "required": ["data", "has_more", "next_cursor"],
            "properties": {
                "data": {"type": "array", "maxItems": 1000, "items": item},
                "has_more": {"type": "boolean", "description": "True when more records follow this page."},
                "next_cursor": {"type": ["string", "null"], "maxLength": 2000, "description": "Send this as `cursor` to get the next page. Null on the last page."},
                "total_count": {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991i64, "description": "Number of records in the whole list, with the filters. Present only with `include=total_count`."},
            },
        });
        self.schemas.entry(name.clone()).or_insert(page);
        serde_json::json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

/// Which operations of a tag a restricted machine client may call; none, until it is said.
#[derive(Debug, Clone, Copy, Default)]
enum Within {
    #[default]
    None,
    Reads,
    All,
}

/// Where areas declare their endpoints and all else, in any order. [`Routes::finish`] ends it.
#[derive(Default)]
pub struct Routes {
    pub endpoints: Vec<Endpoint>,
    pub components: Components,
    pub tags: Vec<(&'static str, &'static str)>,
    /// The schemas of what `expand` loads, where it is not what a list of the kind shows.
    pub cards: BTreeMap<&'static str, Value>,
    /// Work that goes on beside requests.
    pub tasks: Vec<Task>,
    /// Work that happens again and again by the clock.
    pub schedules: Vec<Schedule>,
    /// Kinds of long work: what does a chunk of it.
    pub jobs: Vec<(JobKind, StepFn)>,
    /// The kinds that other systems name.
    pub kinds: Vec<external::NamedKind>,
    /// What areas declare for others to read.
    pub declared: Declared,
    areas: Vec<&'static Area>,
    /// What is declared last, with the area and the tag that it belongs to.
    last: Vec<(&'static str, &'static str, finish::Finally)>,
    area: &'static str,
    tag: &'static str,
    /// Which operations of this tag are open to restricted clients.
    within: Within,
}

impl Routes {
    /// Declares something that another part of the program reads from `Core::declared`.
    pub fn declare<T: Send + Sync + 'static>(&mut self, declaration: T) {
        self.declared.add(declaration);
    }

    /// The endpoints that follow belong to this tag.
    pub fn tag(&mut self, name: &'static str, about: &'static str) {
        self.tag = name;
        self.within = Within::None;
        // Several areas may add to one tag; the first says what it is.
        if self.tags.iter().all(|(known, _)| *known != name) {
            self.tags.push((name, about));
        }
    }

    /// The operations of this tag that follow keep to what a machine client may see that is restricted to customers or a
    /// team, or tell what concerns no customer; it may call them. One that is not so says
    /// [`Endpoint::not_within_restrictions`].
    pub fn within_restrictions(&mut self) {
        self.within = Within::All;
    }

    /// The same for what only reads: of records that concern no customer, but belong to all.
    pub fn reads_within_restrictions(&mut self) {
        self.within = Within::Reads;
    }

    /// How `expand` loads records with ids of this prefix.
    pub fn expands(&mut self, prefix: &'static str, load: expand::Loader) {
        self.declared.expanders.insert(prefix, load);
    }

    /// Of a record with an id of this prefix, `expand` shows this, and not what a list shows of it.
    pub fn expands_to<T: ToSchema>(&mut self, prefix: &'static str) {
        let card = self.components.reference::<T>();
        self.cards.insert(prefix, card);
    }

    /// Fields of this type are answered only when they were asked for; those of all others are always there.
    pub fn answers_what_is_asked<T: ToSchema>(&mut self) {
        self.components.sparse.push(T::name().into_owned());
    }

    /// Changes of this kind of record are events.
    pub fn tells(&mut self, told: EventSource) {
        self.declared.told.push(told);
    }

    /// What people are told of records of a kind, by the codes of its phrases: what they should hear of at once, and what
    /// has time until the next digest.
    pub fn notices(&mut self, kind: Kind, urgent: &[&'static str], usual: &[&'static str]) {
        let notice = |urgent: bool| move |code: &&'static str| NoticeKind { code, kind, urgent };
        self.declared.notices.extend(urgent.iter().map(notice(true)));
        self.declared.notices.extend(usual.iter().map(notice(false)));
    }

    /// What every database has: made at a start, where it is not there yet.
    pub fn begins_with(&mut self, ensure: fn(&mut Tx) -> Result<()>) {
        self.declared.beginnings.push(ensure);
    }

    /// What is shown at `/metrics`.
    pub fn figures(&mut self, add: fn(&Arc<Core>)) {
        self.declared.figures.push(add);
    }

    /// Work that goes on beside requests: one turn of it, and the longest that it rests, in seconds.
    pub fn task(&mut self, name: &'static str, rests: u64, turn: fn(&Arc<dispatch::App>) -> Result<bool>) {
        self.tasks.push(Task { name, rests, can_be_held: false, turn });
    }

    /// The same for what goes out of the house or happens by the clock: it waits while the installation is held after a
    /// restore.
    pub fn task_unless_held(
        &mut self,
        name: &'static str,
        rests: u64,
        turn: fn(&Arc<dispatch::App>) -> Result<bool>,
    ) {
        self.tasks.push(Task { name, rests, can_be_held: true, turn });
    }

    /// Work that happens again and again by the clock.
    pub fn schedule(&mut self, schedule: Schedule) {
        self.schedules.push(schedule);
    }

    /// What follows from events: a task of the area takes a turn of it ([`follow::turn`](crate::events::follow::turn)).
    pub fn follows(&mut self, follower: Follower) {
        self.declared.followers.push(follower);
    }

    /// Records of a kind have deadlines, whose reminders and escalations do this.
    pub fn deadlines(&mut self, kind: Kind, on: fn(&mut Tx, &Deadline, &DeadlineAction) -> Result<()>) {
        self.declared.consequences.push(Consequence { kind, on });
    }

    /// A kind of long work: `step` does one chunk of a job.
    pub fn job(&mut self, kind: JobKind, step: StepFn) {
        self.jobs.push((kind, step));
    }

    /// Reads one thing.
    pub fn read<P: PathArgs, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut ReadTx, &Req<P>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        let answer = Some(self.components.reference::<T>());
        let run = Handler::Read(Box::new(move |raw| {
            let req = typed::<P, ()>(raw, None)?;
            Ok(Box::new(move |rx| handler(rx, &req)?.finish(rx, &req.query, 200)))
        }));
        let endpoint = self.add::<P, ()>(OperationKind::Read, path, operation_id, answer, run);
        endpoint.common.fields = true;
        endpoint
    }

    /// Lists.
    pub fn list<P: PathArgs, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        spec: &'static ListSpec,
        handler: fn(&mut ReadTx, &Req<P>) -> Result<Page<T>>,
    ) -> &mut Endpoint {
        self.pages(path, operation_id, spec, handler)
    }

    fn pages<P: PathArgs, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        spec: &'static ListSpec,
        handler: impl Fn(&mut ReadTx, &Req<P>) -> Result<Page<T>> + Copy + Send + Sync + 'static,
    ) -> &mut Endpoint {
        let answer = Some(self.components.page_of::<T>());
        let run = Handler::Read(Box::new(move |raw| {
            let mut req = typed::<P, ()>(raw, None)?;
            Ok(Box::new(move |rx| {
                if let Some(sent) = &req.query.cursor {
                    req.query.cursor = Some(cursor::open(rx.core, operation_id, sent)?);
                }
                let page = handler(rx, &req)?;
                let next = page.next_cursor.as_deref().map(|next| cursor::seal(rx.core, operation_id, next));
                Answer::page(Page { next_cursor: next, ..page }).finish(rx, &req.query, 200)
            }))
        }));
        let endpoint = self.add::<P, ()>(OperationKind::List, path, operation_id, answer, run);
        endpoint.params.extend(spec.filters.iter().map(|f| f.param));
        endpoint.common = Common {
            sorts: Some(spec.sorts),
            default_sort: spec.default_sort,
            fields: true,
            expand: spec.expand,
            ..Common::default()
        };
        endpoint
    }

    /// Creates a record: 201 with `Location`.
    pub fn create<P: PathArgs, B: Body, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut Tx, &Req<P, B>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        self.write(OperationKind::Create, path, operation_id, handler)
    }

    /// A step in a life, or another POST that changes something.
    pub fn action<P: PathArgs, B: Body, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut Tx, &Req<P, B>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        self.write(OperationKind::Action, path, operation_id, handler)
    }

    /// A merge patch.
    pub fn change<P: PathArgs, B: ToSchema + Clone + Send + 'static, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut Tx, &Req<P, Patch<B>>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        self.write(OperationKind::Change, path, operation_id, handler)
    }

    /// Deletes a record: 204.
    pub fn remove<P: PathArgs>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut Tx, &Req<P>) -> Result<()>,
    ) -> &mut Endpoint {
        let run = Handler::Write(Box::new(move |raw, _| {
            let req = typed::<P, ()>(raw, None)?;
            Ok(Box::new(move |tx| {
                handler(tx, &req)?;
                Ok(Reply::empty(204))
            }))
        }));
        self.add::<P, ()>(OperationKind::Remove, path, operation_id, None, run)
    }

    /// Removes a part of a record; answers the record it was part of.
    pub fn remove_part<P: PathArgs, T: Serialize + ToSchema + 'static>(
        &mut self,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut Tx, &Req<P>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        self.write(OperationKind::Remove, path, operation_id, handler)
    }

    fn write<P: PathArgs, B: Body, T: Serialize + ToSchema + 'static>(
        &mut self,
        nature: OperationKind,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(&mut Tx, &Req<P, B>) -> Result<Answer<T>>,
    ) -> &mut Endpoint {
        let answer = Some(self.components.reference::<T>());
        let status = if nature == OperationKind::Remove { 200 } else { nature.success() };
        let run = Handler::Write(Box::new(move |raw, validator| {
            let req = typed::<P, B>(raw, validator)?;
            Ok(Box::new(move |tx| {
                let answer = handler(tx, &req)?;
                answer.finish(&mut tx.rx(), &req.query, status)
            }))
        }));
        self.add::<P, B>(nature, path, operation_id, answer, run)
    }

    /// An endpoint that needs more than one unit of work.
    pub fn flow<B: Body, T: Serialize + ToSchema + 'static, F>(
        &mut self,
        nature: OperationKind,
        path: &'static str,
        operation_id: &'static str,
        handler: fn(Ctx, Req<Vec<String>, B>) -> F,
    ) -> &mut Endpoint
    where
        F: Future<Output = Result<Reply>> + 'static,
    {
        let answer = Some(self.components.reference::<T>());
        let run = Handler::Flow(Box::new(move |ctx, raw, validator| {
            Box::pin(async move {
                let body = B::read(raw.body, validator.as_ref())?;
                handler(ctx, Req { path: raw.path, query: raw.query, body }).await
            })
        }));
        self.add::<(), B>(nature, path, operation_id, answer, run)
    }

    fn add<P: PathArgs, B: Body>(
        &mut self,
        nature: OperationKind,
        path: &'static str,
        operation_id: &'static str,
        answer: Option<Value>,
        handler: Handler,
    ) -> &mut Endpoint {
        let body = B::schema(&mut self.components);
        self.endpoints.push(Endpoint {
            nature,
            method: nature.method(),
            path,
            operation_id,
            tag: self.tag,
            area: self.area,
            // Until it is said who may, nobody may.
            access: Access::Scope(&[]),
            summary: "",
            about: "",
            params: Vec::new(),
            common: Common { dry_run: nature.takes_key(), ..Common::default() },
            path_prefixes: P::PREFIXES,
            body,
            body_optional: false,
            body_example: None,
            max_body: MAX_BODY,
            answer,
            answer_example: None,
            answer_media: &[],
            fields: Vec::new(),
            problems: Vec::new(),
            answers_version: !matches!(
                nature,
                OperationKind::List | OperationKind::Start | OperationKind::Talk
            ),
            validator: None,
            first_steps: false,
            within_restrictions: match self.within {
                Within::None => false,
                Within::Reads => !nature.writes(),
                Within::All => true,
            },
            handler,
            traffic: Traffic::default(),
        });
        let last = self.endpoints.len() - 1;
        &mut self.endpoints[last]
    }
}

fn typed<P: PathArgs, B: Body>(raw: RawReq, validator: Option<&Arc<SchemaValidator>>) -> Result<Req<P, B>> {
    let body = B::read(raw.body, validator)?;
    // An id that cannot be one names no record: 404, after the body's validator.
    let path = P::parse(&raw.path).ok_or_else(Error::not_found)?;
    Ok(Req { path, query: raw.query, body })
}

impl Endpoint {
    /// Whether `If-Match` may be sent, and need not: with what changes the record of the path, or adds to it.
    pub fn may_name_version(&self) -> bool {
        let of_a_record =
            matches!(self.nature, OperationKind::Action | OperationKind::Create | OperationKind::Start)
                && !self.path_prefixes.is_empty();
        self.nature == OperationKind::Upsert || of_a_record
    }
    pub fn public(&mut self) -> &mut Self {
        self.access = Access::Public;
        self
    }
    pub fn person(&mut self) -> &mut Self {
        self.access = Access::Person;
        self
    }
    /// For a machine client by its secret, or one of these scopes; the handler sees to it.
    pub fn client(&mut self, scopes: &'static [Scope]) -> &mut Self {
        self.access = Access::Client(scopes);
        self
    }
    /// Needs one of these scopes.
    pub fn scope(&mut self, scopes: &'static [Scope]) -> &mut Self {
        self.access = Access::Scope(scopes);
        self
    }
    /// A short line.
    pub fn summary(&mut self, summary: &'static str) -> &mut Self {
        self.summary = summary;
        self
    }
    /// What it does, in Markdown.
    pub fn description(&mut self, description: &'static str) -> &mut Self {
        self.about = description;
        self
    }
    pub fn takes(&mut self, params: &[Param]) -> &mut Self {
        self.params.extend_from_slice(params);
        self
    }
    /// The filters and sorts of a list, without its pages: for what answers all of it.
    pub fn takes_filters_of(&mut self, spec: &'static ListSpec) -> &mut Self {
        self.params.extend(spec.filters.iter().map(|f| f.param));
        self.common.default_sort = spec.default_sort;
        self.common.only_sorts = Some(spec.sorts);
        self
    }
    pub fn expands(&mut self, paths: &'static [&'static str]) -> &mut Self {
        self.common.expand = paths;
        self
    }
    /// Business problems that this endpoint can answer.
    pub fn fails_with(&mut self, codes: &[&'static str]) -> &mut Self {
        self.problems.extend_from_slice(codes);
        self
    }
    /// A request body that works.
    pub fn example(&mut self, body: Value) -> &mut Self {
        self.body_example = Some(body);
        self
    }
    pub fn answer_example(&mut self, body: Value) -> &mut Self {
        self.answer_example = Some(body);
        self
    }
    /// The answer is a file or a stream of one of these media types, not JSON.
    pub fn answers_media(&mut self, types: &'static [&'static str]) -> &mut Self {
        self.answer_media = types;
        self.answer = None;
        self.unversioned()
    }
    /// The body may be this large, in bytes.
    pub fn takes_up_to(&mut self, bytes: usize) -> &mut Self {
        self.max_body = bytes;
        self
    }
    /// Open also to somebody who has yet to change the password that somebody else has set.
    pub fn for_first_steps(&mut self) -> &mut Self {
        self.first_steps = true;
        self
    }
    /// Open also to a machine client that is restricted, where not all operations of the tag are.
    pub fn within_restrictions(&mut self) -> &mut Self {
        self.within_restrictions = true;
        self
    }
    /// Not open to a machine client that is restricted, where the other operations of the tag are.
    pub fn not_within_restrictions(&mut self) -> &mut Self {
        self.within_restrictions = false;
        self
    }
    /// The body may be left out.
    pub fn optional_body(&mut self) -> &mut Self {
        self.body_optional = true;
        self
    }
    /// The answer is no versioned record.
    pub fn unversioned(&mut self) -> &mut Self {
        self.answers_version = false;
        self
    }
    pub fn without_dry_run(&mut self) -> &mut Self {
        self.common.dry_run = false;
        self
    }
}
