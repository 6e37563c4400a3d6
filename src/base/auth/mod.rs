//! Who asks, and what they may do. Scopes and roles are declared here and nowhere else; what a caller may see
//! of a kind of record is that area's `visible_to`.

pub mod cache;
pub mod guard;
pub mod passwords;
pub mod sessions;
pub mod tokens;

use uuid::Uuid;

use crate::text_enum;

text_enum! {
    /// What a person does in the department.
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
    /// A right, named by what it is about.
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
        ReportsRead = "reports:read",
        RegionsRead = "regions:read",
        RegionsWrite = "regions:write",
        UsersRead = "users:read",
        UsersWrite = "users:write",
        TeamsRead = "teams:read",
        TeamsWrite = "teams:write",
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

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u64);

impl Scopes {
    pub const fn of(list: &[Scope]) -> Scopes {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= 1 << list[i] as u64;
            i += 1;
        }
        Scopes(bits)
    }
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u64) != 0
    }
    pub fn list(self) -> Vec<Scope> {
        Scope::ALL.iter().copied().filter(|s| self.has(*s)).collect()
    }
    pub const fn and(self, other: Scopes) -> Scopes {
        Scopes(self.0 | other.0)
    }
}

/// What everybody who works here may read.
const EVERYBODY: Scopes = Scopes::of(&[
    Scope::ProductsRead,
    Scope::PricesRead,
    Scope::OrdersRead,
    Scope::ShipmentsRead,
    Scope::RegionsRead,
    Scope::TeamsRead,
    Scope::EventsRead,
]);

impl Role {
    /// Who may do what. `tests/golden/permissions.md` shows it endpoint by endpoint.
    pub const fn scopes(self) -> Scopes {
        use Scope::*;
        match self {
            Role::Clerk => EVERYBODY.and(Scopes::of(&[
                CustomersRead,
                CustomersWrite,
                CustomersBlock,
                ProductsWrite,
                PricesWrite,
                OrdersWrite,
                OrdersSubmit,
                OrdersConfirm,
                OrdersCancel,
                ReportsRead,
                ImportsWrite,
                ExportsWrite,
                RegionsWrite,
                UsersRead,
                SettingsRead,
            ])),
            Role::Rep => EVERYBODY.and(Scopes::of(&[
                CustomersRead,
                CustomersWrite,
                OrdersWrite,
                OrdersSubmit,
                ReportsRead,
                ExportsWrite,
            ])),
            Role::Manager => EVERYBODY.and(Scopes::of(&[
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
                ReportsRead,
                ImportsWrite,
                ExportsWrite,
                UsersRead,
                SettingsRead,
            ])),
            Role::Finance => EVERYBODY.and(Scopes::of(&[
                CustomersRead,
                CustomersCredit,
                CustomersBlock,
                ProductsCost,
                OrdersHoldCredit,
                ReportsRead,
                ExportsWrite,
                UsersRead,
                SettingsRead,
            ])),
            Role::Warehouse => EVERYBODY.and(Scopes::of(&[CustomersShipTo, ShipmentsWrite])),
            Role::Executive => EVERYBODY.and(Scopes::of(&[
                CustomersRead,
                ProductsCost,
                OrdersApprove,
                OrdersApproveHigh,
                OrdersOverride,
                ReportsRead,
                ExportsWrite,
                AuditRead,
                UsersRead,
                SettingsRead,
            ])),
            Role::Admin => EVERYBODY.and(Scopes::of(&[
                CustomersRead,
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
            ])),
        }
    }

    pub const fn sight(self) -> Sight {
        match self {
            Role::Rep => Sight::Own,
            Role::Manager => Sight::Team,
            _ => Sight::All,
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
    /// The person; None for the system itself.
    pub user: Option<Uuid>,
    pub name: String,
    pub role: Option<Role>,
    pub scopes: Scopes,
    pub sight: Sight,
    pub team: Option<Uuid>,
    /// The person's team and, for a manager, the teams below it.
    pub teams: Vec<Uuid>,
    /// Through what they came: `api`, `cli`, `system`.
    pub client: String,
    pub session: Option<Uuid>,
    /// May do nothing but change the password.
    pub must_change_password: bool,
}

impl Caller {
    /// Nobody in particular, before a log-in: no rights.
    pub fn anonymous() -> Caller {
        Caller {
            user: None,
            name: "anonymous".into(),
            role: None,
            scopes: Scopes::default(),
            sight: Sight::Own,
            team: None,
            teams: vec![],
            client: "api".into(),
            session: None,
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
            client: "api".into(),
            session: None,
            must_change_password: false,
        }
    }
    pub fn user_id(&self) -> Option<Uuid> {
        self.user
    }
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }
    /// 403 unless the caller has the scope; for what depends on the input, beyond the endpoint's own scope.
    pub fn demand(&self, scope: Scope) -> crate::base::error::Result<()> {
        if self.may(scope) { Ok(()) } else { Err(forbidden(&[scope])) }
    }
    /// The key under which this caller's idempotency keys are kept.
    pub fn idempotency_owner(&self) -> String {
        match self.user {
            Some(user) => user.simple().to_string(),
            None => self.client.clone(),
        }
    }
}

/// The caller with the rights that they have now; None when these have ended. For what lasts longer than a request.
pub async fn again(
    core: &std::sync::Arc<super::core::Core>,
    caller: &std::sync::Arc<Caller>,
) -> crate::base::error::Result<Option<std::sync::Arc<Caller>>> {
    let Some(session) = caller.session else { return Ok(Some(caller.clone())) };
    let now = core.clock.now();
    let found =
        core.engine.read(move |conn| sessions::caller(conn, sessions::SessionId(session), now)).await?;
    Ok(found.map(std::sync::Arc::new))
}

/// 403: one of these scopes is needed.
pub fn forbidden(scopes: &[Scope]) -> crate::base::error::Error {
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    crate::base::error::Problem::new("forbidden")
        .param("scope", names.join(" / "))
        .with("required_scopes", names)
        .into()
}
