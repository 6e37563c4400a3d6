//! Callers and their rights. Scopes and roles are declared only here. Which records of a kind a caller sees
//! is decided by `visible_to` of that area.

pub mod cache;
pub mod clients;
mod eddsa;
pub mod guard;
pub mod network;
pub mod oauth;
pub mod passwords;
pub mod sessions;
pub mod tokens;

use uuid::Uuid;

use super::db::Conn;
use super::db::filter::{Column, Predicate};
use super::error::{Error, Problem, Result};
use super::types::{At, TextEnum};
use crate::text_enum;
use crate::types::principals::ClientId;
use network::Network;

text_enum! {
    /// Work of a person in the department. The role gives the scopes.
    /// - `clerk`: enters and confirms orders, keeps customers, products and prices.
    /// - `rep`: sales representative; sees only their own records and those shared with them.
    /// - `manager`: leads a team and sees its records; approves orders up to the limit and price lists.
    /// - `finance`: sets credit terms, holds orders for credit reasons, credits returns.
    /// - `warehouse`: ships orders and takes returned goods in.
    /// - `executive`: approves above the manager's limit; sees everything and the audit trail.
    /// - `admin`: manages users, teams, machine clients, webhooks and settings.
    pub enum Role {
        Clerk = "clerk",
        Rep = "rep",
        Manager = "manager",
        Finance = "finance",
        Warehouse = "warehouse",
        Executive = "executive",
        Admin = "admin",
    }
}

text_enum! {
    /// A right, written as what it is about and what it allows. An access token lists the scopes that its
    /// holder has.
    pub enum Scope {
        CustomersRead = "customers:read",
        CustomersWrite = "customers:write",
        CustomersReassign = "customers:reassign",
        CustomersCredit = "customers:credit",
        CustomersShipTo = "customers:ship_to",
        CustomersBlock = "customers:block",
        ProductsRead = "products:read",
        ProductsWrite = "products:write",
        ProductsCost = "products:cost",
        PricesRead = "prices:read",
        PricesWrite = "prices:write",
        PricesApprove = "prices:approve",
        OrdersRead = "orders:read",
        OrdersWrite = "orders:write",
        OrdersSubmit = "orders:submit",
        OrdersConfirm = "orders:confirm",
        OrdersCancel = "orders:cancel",
        OrdersApprove = "orders:approve",
        OrdersApproveHigh = "orders:approve_high",
        OrdersOverride = "orders:override",
        OrdersHold = "orders:hold",
        OrdersHoldCredit = "orders:hold_credit",
        ShipmentsRead = "shipments:read",
        ShipmentsWrite = "shipments:write",
        ExceptionsRead = "exceptions:read",
        ExceptionsWrite = "exceptions:write",
        ExceptionsManage = "exceptions:manage",
        ReturnsRead = "returns:read",
        ReturnsWrite = "returns:write",
        ReturnsApprove = "returns:approve",
        ReturnsApproveHigh = "returns:approve_high",
        ReturnsCredit = "returns:credit",
        ReportsRead = "reports:read",
        RegionsRead = "regions:read",
        RegionsWrite = "regions:write",
        UsersRead = "users:read",
        UsersWrite = "users:write",
        TeamsRead = "teams:read",
        TeamsWrite = "teams:write",
        ComplaintsRead = "complaints:read",
        ComplaintsWrite = "complaints:write",
        ComplaintsApprove = "complaints:approve",
        TasksRead = "tasks:read",
        TasksWrite = "tasks:write",
        InteractionsRead = "interactions:read",
        InteractionsWrite = "interactions:write",
        FeedbackRead = "feedback:read",
        FeedbackWrite = "feedback:write",
        CalendarRead = "calendar:read",
        DepartmentsRead = "departments:read",
        DepartmentsWrite = "departments:write",
        SuppliersRead = "suppliers:read",
        SuppliersWrite = "suppliers:write",
        RequestsRead = "requests:read",
        RequestsWrite = "requests:write",
        SettingsRead = "settings:read",
        SettingsWrite = "settings:write",
        EventsRead = "events:read",
        WebhooksRead = "webhooks:read",
        WebhooksWrite = "webhooks:write",
        ClientsRead = "clients:read",
        ClientsWrite = "clients:write",
        AuditRead = "audit:read",
        ImportsWrite = "imports:write",
        ExportsWrite = "exports:write",
        JobsRead = "jobs:read",
    }
}

impl Scope {
    /// What the scope lets its holder do, for the document.
    pub const fn about(self) -> &'static str {
        use Scope::*;
        match self {
            CustomersRead => "Read customers, their contacts, addresses and shares.",
            CustomersWrite => "Add and change customers, their contacts, addresses and shares.",
            CustomersReassign => "Give a customer to another owner.",
            CustomersCredit => "Set a customer's credit terms.",
            CustomersShipTo => {
                "Read where a customer's goods are delivered, and nothing else about the customer."
            }
            CustomersBlock => "Block and unblock customers.",
            ProductsRead => "Read products and their categories.",
            ProductsWrite => "Add and change products and their categories.",
            ProductsCost => "Read and set what products cost the company.",
            PricesRead => "Read price lists, and ask what a product costs a customer.",
            PricesWrite => "Add and change price lists that are drafts.",
            PricesApprove => "Activate and retire price lists, and change the prices of active ones.",
            OrdersRead => "Read orders, their lines, review, revisions and history.",
            OrdersWrite => "Enter orders, and change and delete drafts.",
            OrdersSubmit => "Submit orders for review, and withdraw them.",
            OrdersConfirm => "Confirm, revise and complete orders.",
            OrdersCancel => "Cancel orders, and close the quantity that will not be delivered.",
            OrdersApprove => "Approve and reject orders.",
            OrdersApproveHigh => "Approve orders above the manager's limit.",
            OrdersOverride => "Let an order pass despite hard review findings, with a reason.",
            OrdersHold => "Hold and release orders.",
            OrdersHoldCredit => "Hold and release orders for credit reasons.",
            ShipmentsRead => "Read shipments.",
            ShipmentsWrite => "Post, change, deliver and void shipments, and take returned goods in.",
            ExceptionsRead => "Read order exceptions.",
            ExceptionsWrite => "Report order exceptions, and handle those that you own.",
            ExceptionsManage => "Take every step with any order exception, and unblock orders.",
            ReturnsRead => "Read returns.",
            ReturnsWrite => "Request, change and cancel returns.",
            ReturnsApprove => "Approve and reject returns.",
            ReturnsApproveHigh => "Approve returns above the limit.",
            ReturnsCredit => "Credit and close returns.",
            ReportsRead => "Read reports.",
            RegionsRead => "Read regions.",
            RegionsWrite => "Add and change regions.",
            UsersRead => "Read users.",
            UsersWrite => "Add, change, block and unblock users, and set their passwords.",
            TeamsRead => "Read teams.",
            TeamsWrite => "Add and change teams.",
            ComplaintsRead => "Read complaints and their time limits.",
            ComplaintsWrite => "Record and handle complaints, and propose remedies.",
            ComplaintsApprove => "Approve and reject remedies above the limit.",
            TasksRead => "Read tasks, and the policies that create return visits.",
            TasksWrite => "Create, change and complete tasks.",
            InteractionsRead => "Read interactions: visits, calls and messages with customers.",
            InteractionsWrite => "Record interactions with customers, and their feedback.",
            FeedbackRead => "Read feedback.",
            FeedbackWrite => "Acknowledge feedback that was sent to you.",
            CalendarRead => "Read the working calendar, and the deadlines of records.",
            DepartmentsRead => "Read the other departments.",
            DepartmentsWrite => "Add and change departments.",
            SuppliersRead => "Read suppliers, partners and carriers, and their contacts.",
            SuppliersWrite => "Add, change, block and unblock suppliers, and their contacts.",
            RequestsRead => "Read requests to departments and suppliers.",
            RequestsWrite => "Send requests to departments and suppliers, answer them, and expedite orders.",
            SettingsRead => "Read the company's settings.",
            SettingsWrite => "Change the company's settings.",
            EventsRead => "Read the event feed.",
            WebhooksRead => "Read webhooks and their deliveries.",
            WebhooksWrite => "Add, change and test webhooks.",
            ClientsRead => "Read machine clients, and check whether a token is valid.",
            ClientsWrite => "Register, change and revoke machine clients.",
            AuditRead => "Read the audit trail.",
            ImportsWrite => "Import records from files.",
            ExportsWrite => "Export records to files.",
            JobsRead => "Read the jobs of everybody, not only your own.",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u128);

// Each scope is a bit of the number.
const _: () = assert!(Scope::ALL.len() <= u128::BITS as usize, "there are more scopes than bits");

impl Scopes {
    pub const fn of(list: &[Scope]) -> Scopes {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= 1 << list[i] as u128;
            i += 1;
        }
        Scopes(bits)
    }
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u128) != 0
    }
    pub fn list(self) -> Vec<Scope> {
        Scope::ALL.iter().copied().filter(|s| self.has(*s)).collect()
    }
    pub const fn and(self, other: Scopes) -> Scopes {
        Scopes(self.0 | other.0)
    }
    /// Those that are in both.
    pub const fn common(self, other: Scopes) -> Scopes {
        Scopes(self.0 & other.0)
    }
    /// Those that are not in the other.
    pub const fn without(self, other: Scopes) -> Scopes {
        Scopes(self.0 & !other.0)
    }
    /// As it is written down for later; see [`Scopes::from_word`].
    pub fn to_word(self) -> String {
        format!("{:x}", self.0)
    }
    pub fn from_word(word: &str) -> Option<Scopes> {
        u128::from_str_radix(word, 16).ok().map(Scopes)
    }
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// From names with spaces between them, as OAuth writes a set of scopes; Err is the name that is none.
    pub fn parse(names: &str) -> std::result::Result<Scopes, &str> {
        names.split(' ').filter(|n| !n.is_empty()).try_fold(Scopes::default(), |all, name| {
            let scope = Scope::parse(name).ok_or(name)?;
            Ok(all.and(Scopes::of(&[scope])))
        })
    }
}

impl std::fmt::Display for Scopes {
    /// As OAuth writes a set of scopes: `orders:read orders:write`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.list().into_iter().map(TextEnum::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

/// What everybody who works here may read.
const EVERYBODY: Scopes = Scopes::of(&[
    Scope::ProductsRead,
    Scope::PricesRead,
    Scope::OrdersRead,
    Scope::ShipmentsRead,
    Scope::ExceptionsRead,
    Scope::ReturnsRead,
    Scope::RegionsRead,
    Scope::TeamsRead,
    Scope::CalendarRead,
    Scope::EventsRead,
    Scope::FeedbackRead,
    Scope::FeedbackWrite,
    Scope::DepartmentsRead,
    Scope::SuppliersRead,
    Scope::RequestsRead,
]);

/// What comes with seeing customers.
const RELATIONS: Scopes =
    Scopes::of(&[Scope::TasksRead, Scope::TasksWrite, Scope::InteractionsRead, Scope::InteractionsWrite]);

impl Role {
    /// Who may do what. `tests/golden/permissions.md` shows it endpoint by endpoint.
    pub const fn scopes(self) -> Scopes {
        use Scope::*;
        match self {
            Role::Clerk => EVERYBODY.and(RELATIONS).and(Scopes::of(&[
                CustomersRead,
                CustomersWrite,
                CustomersBlock,
                ProductsWrite,
                PricesWrite,
                OrdersWrite,
                OrdersSubmit,
                OrdersConfirm,
                OrdersCancel,
                ExceptionsWrite,
                ExceptionsManage,
                ReturnsWrite,
                ReturnsApprove,
                ReturnsCredit,
                ComplaintsRead,
                ComplaintsWrite,
                ReportsRead,
                ImportsWrite,
                ExportsWrite,
                RegionsWrite,
                UsersRead,
                SettingsRead,
                DepartmentsWrite,
                SuppliersWrite,
                RequestsWrite,
            ])),
            Role::Rep => EVERYBODY.and(RELATIONS).and(Scopes::of(&[
                CustomersRead,
                CustomersWrite,
                OrdersWrite,
                OrdersSubmit,
                ExceptionsWrite,
                ReturnsWrite,
                ComplaintsRead,
                ComplaintsWrite,
                ReportsRead,
                ExportsWrite,
                RequestsWrite,
            ])),
            Role::Manager => EVERYBODY.and(RELATIONS).and(Scopes::of(&[
                CustomersRead,
                CustomersWrite,
                CustomersReassign,
                CustomersBlock,
                ProductsWrite,
                ProductsCost,
                PricesWrite,
                PricesApprove,
                OrdersApprove,
                OrdersOverride,
                OrdersHold,
                ExceptionsWrite,
                ExceptionsManage,
                ReturnsWrite,
                ReturnsApprove,
                ReturnsApproveHigh,
                ReturnsCredit,
                ComplaintsRead,
                ComplaintsWrite,
                ComplaintsApprove,
                ReportsRead,
                ImportsWrite,
                ExportsWrite,
                UsersRead,
                SettingsRead,
                DepartmentsWrite,
                SuppliersWrite,
                RequestsWrite,
            ])),
            Role::Finance => EVERYBODY.and(RELATIONS).and(Scopes::of(&[
                CustomersRead,
                CustomersCredit,
                CustomersBlock,
                ProductsCost,
                OrdersHoldCredit,
                ExceptionsWrite,
                ReturnsCredit,
                ComplaintsRead,
                ReportsRead,
                ExportsWrite,
                UsersRead,
                SettingsRead,
                RequestsWrite,
            ])),
            Role::Warehouse => EVERYBODY.and(Scopes::of(&[
                CustomersShipTo,
                ShipmentsWrite,
                RequestsWrite,
                ExceptionsWrite,
                ReturnsWrite,
            ])),
            Role::Executive => EVERYBODY.and(RELATIONS).and(Scopes::of(&[
                CustomersRead,
                CustomersReassign,
                ProductsCost,
                OrdersApprove,
                OrdersApproveHigh,
                OrdersOverride,
                ExceptionsWrite,
                ExceptionsManage,
                ReturnsApprove,
                ReturnsApproveHigh,
                ComplaintsRead,
                ComplaintsWrite,
                ComplaintsApprove,
                ReportsRead,
                ExportsWrite,
                AuditRead,
                UsersRead,
                SettingsRead,
            ])),
            Role::Admin => EVERYBODY.and(RELATIONS).and(Scopes::of(&[
                CustomersRead,
                ComplaintsRead,
                ReportsRead,
                RegionsWrite,
                UsersRead,
                UsersWrite,
                TeamsWrite,
                SettingsRead,
                SettingsWrite,
                WebhooksRead,
                WebhooksWrite,
                ClientsRead,
                ClientsWrite,
                AuditRead,
                ExportsWrite,
                JobsRead,
                DepartmentsWrite,
                SuppliersWrite,
            ])),
        }
    }

    pub const fn sight(self) -> Sight {
        match self {
            Role::Rep => Sight::Own,
            Role::Manager => Sight::Team,
            // A new role is named here, so that nobody sees everything because somebody forgot them.
            Role::Clerk | Role::Finance | Role::Warehouse | Role::Executive | Role::Admin => Sight::All,
        }
    }
}

/// Whose records a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    All,
    /// Their teams' and their own.
    Team,
    Own,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person; None for a machine client and for the system itself.
    pub user: Option<Uuid>,
    /// The machine client; None for a person and for the system itself.
    pub client_id: Option<Uuid>,
    pub name: String,
    pub role: Option<Role>,
    pub scopes: Scopes,
    pub sight: Sight,
    /// The person's team, or the one that a machine client is restricted to.
    pub team: Option<Uuid>,
    /// That team and the teams below it, for whoever sees by team.
    pub teams: Vec<Uuid>,
    /// The people of those teams today, for whoever sees by team: what is a person's goes with them to another team.
    pub people: Vec<Uuid>,
    /// The customers that a machine client is restricted to, beside what it sees by team; see [`Caller::within`].
    pub customers: Option<Vec<Uuid>>,
    /// The networks that a machine client may ask from; None for any.
    pub networks: Option<Vec<Network>>,
    /// Through what they came, as the journal tells it: `api`, `cli`, `system`, or a machine client's id.
    pub client: String,
    pub session: Option<Uuid>,
    /// The person for whom they act, when that is somebody else.
    pub on_behalf_of: Option<Principal>,
    /// What a machine client's token says.
    pub token: Option<std::sync::Arc<tokens::Claims>>,
    /// May do nothing but change the password.
    pub must_change_password: bool,
}

/// A person for whom somebody else acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub id: Uuid,
    pub name: String,
}

impl Caller {
    /// Nobody in particular, before a log-in: no rights.
    pub fn anonymous() -> Caller {
        Caller {
            user: None,
            client_id: None,
            name: "anonymous".into(),
            role: None,
            scopes: Scopes::default(),
            sight: Sight::Own,
            team: None,
            teams: vec![],
            people: vec![],
            customers: None,
            networks: None,
            client: "api".into(),
            session: None,
            on_behalf_of: None,
            token: None,
            must_change_password: false,
        }
    }
    /// The product itself: set-up, demo data, imports, scheduled work.
    pub fn system(client: &str) -> Caller {
        Caller {
            name: "system".into(),
            scopes: Scopes::of(Scope::ALL),
            sight: Sight::All,
            client: client.into(),
            ..Caller::anonymous()
        }
    }
    /// A person with the rights of their role.
    pub fn person(user: Uuid, name: &str, role: Role, team: Option<Uuid>, teams: Vec<Uuid>) -> Caller {
        Caller {
            user: Some(user),
            name: name.into(),
            role: Some(role),
            scopes: role.scopes(),
            sight: role.sight(),
            team,
            teams,
            ..Caller::anonymous()
        }
    }
    /// A machine client that sees everything; what it is restricted to is laid over this.
    pub fn machine(client: ClientId, name: &str, scopes: Scopes) -> Caller {
        Caller {
            client_id: Some(client.0),
            name: name.into(),
            scopes,
            sight: Sight::All,
            client: client.to_string(),
            ..Caller::anonymous()
        }
    }
    pub fn user_id(&self) -> Option<Uuid> {
        self.user
    }
    /// The records that are the caller's own or their people's; the column names whose it is.
    pub fn has(&self, whose: Column) -> Predicate {
        let own = self.user.map_or(Predicate::Nothing, |user| Predicate::eq(whose, user));
        match self.sight {
            Sight::All => Predicate::All,
            Sight::Team => Predicate::ids(whose, self.people.iter().copied()).or(own),
            Sight::Own => own,
        }
    }
    /// [`Caller::has`] for what is this person's.
    pub fn has_of(&self, whose: Uuid) -> bool {
        match self.sight {
            Sight::All => true,
            Sight::Team => self.user == Some(whose) || self.people.contains(&whose),
            Sight::Own => self.user == Some(whose),
        }
    }
    /// Whether what is nobody's, neither a person's nor a team's, is theirs: somebody has to look after it, so every
    /// manager does.
    pub fn has_what_is_nobodys(&self) -> bool {
        self.sight == Sight::All || (self.sight == Sight::Team && self.user.is_some())
    }
    /// Whether it is the product itself that asks: a command, set-up, demo data.
    pub fn is_system(&self) -> bool {
        self.user.is_none() && self.client_id.is_none() && self.scopes == Scopes::of(Scope::ALL)
    }
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }
    /// 403 unless the caller has the scope; for what depends on the input, beyond the endpoint's own scope.
    pub fn demand(&self, scope: Scope) -> Result<()> {
        if self.may(scope) { Ok(()) } else { Err(forbidden(&[scope])) }
    }
    /// 403 when a machine client would hand on, or take over, a right or a sight that it does not have itself. A
    /// person who manages users and clients may give any: that is what the right to manage them is.
    pub fn demand_to_hand_on(&self, scopes: Scopes) -> Result<()> {
        self.demand_to_see_all()?;
        let lacking = scopes.without(self.scopes);
        if self.client_id.is_none() || lacking.is_empty() { Ok(()) } else { Err(forbidden(&lacking.list())) }
    }
    /// Whether it is a machine client that is restricted to customers or a team. Only operations that say so let it in
    /// ([`Routes::within_restrictions`](crate::http::Routes::within_restrictions)).
    pub fn is_restricted(&self) -> bool {
        self.client_id.is_some() && (self.customers.is_some() || self.sight != Sight::All)
    }
    /// 403 for a machine client that may ask from some networks only: for what would let somebody in from elsewhere.
    pub fn demand_from_anywhere(&self) -> Result<()> {
        match self.client_id.is_some() && self.networks.is_some() {
            true => Err(Problem::new("client_restricted").into()),
            false => Ok(()),
        }
    }
    /// 403 for a machine client that is restricted to certain customers: for what reaches beyond them.
    pub fn demand_unrestricted(&self) -> Result<()> {
        match self.customers {
            None => Ok(()),
            Some(_) => Err(Problem::new("client_restricted").into()),
        }
    }
    /// 403 for a machine client that does not see everybody's records: for what is not told record by record.
    pub fn demand_to_see_all(&self) -> Result<()> {
        match self.client_id.is_none() || self.sight == Sight::All {
            true => self.demand_unrestricted(),
            false => Err(Problem::new("client_restricted").into()),
        }
    }
    /// What a restriction to certain customers leaves of the records whose customer is in this column. Every
    /// `visible_to` joins it to what the caller's sight gives.
    pub fn within(&self, column: Column) -> Predicate {
        match &self.customers {
            None => Predicate::All,
            Some(customers) => Predicate::ids(column, customers.iter().copied()),
        }
    }
    /// [`Caller::within`] for one customer.
    pub fn is_within(&self, customer: Uuid) -> bool {
        self.customers.as_ref().is_none_or(|customers| customers.contains(&customer))
    }
    /// The role whose limits hold for what the caller enters: a machine client enters orders as a clerk does.
    /// None, and so no limit, for the system itself.
    pub fn standing(&self) -> Option<Role> {
        self.role.or(self.client_id.map(|_| Role::Clerk))
    }
    /// Whether a machine client may ask from this address; a person may from anywhere.
    pub fn may_ask_from(&self, address: &str) -> bool {
        self.networks.as_ref().is_none_or(|networks| network::holds(networks, address))
    }
    /// Tells this caller apart from every other, also over several sessions and tokens: for what is counted or
    /// kept per caller.
    pub fn key(&self) -> String {
        match self.user {
            Some(user) => user.simple().to_string(),
            None => self.client.clone(),
        }
    }
    /// The key under which this caller's idempotency keys are kept.
    pub fn idempotency_owner(&self) -> String {
        self.key()
    }
}

/// Who a token stands for now: a person, by their session, or a machine client. None when that has ended.
pub fn caller_of(conn: &mut Conn, claims: &tokens::Claims, now: At) -> Result<Option<Caller>> {
    match (&claims.sid, &claims.client_id) {
        (Some(session), None) => match session.parse() {
            Ok(session) => sessions::caller(conn, session, now),
            Err(_) => Ok(None),
        },
        (None, Some(_)) => clients::caller(conn, claims),
        _ => Ok(None),
    }
}

/// The caller with the rights that they have now; None when these have ended. For what lasts longer than a request.
pub async fn again(
    core: &std::sync::Arc<super::core::Core>,
    caller: &std::sync::Arc<Caller>,
) -> crate::error::Result<Option<std::sync::Arc<Caller>>> {
    let now = core.clock.now();
    let (session, token) = (caller.session.map(sessions::SessionId), caller.token.clone());
    let found = match (session, token) {
        (Some(session), _) => core.engine.read(move |conn| sessions::caller(conn, session, now)).await?,
        (None, Some(token)) if token.exp <= now.seconds() => None,
        (None, Some(token)) => core.engine.read(move |conn| clients::caller(conn, &token)).await?,
        (None, None) => return Ok(Some(caller.clone())),
    };
    Ok(found.map(std::sync::Arc::new))
}

/// 403: one of these scopes is needed.
pub fn forbidden(scopes: &[Scope]) -> Error {
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    Problem::new("forbidden").param("scope", names.join(" / ")).with("required_scopes", names).into()
}
