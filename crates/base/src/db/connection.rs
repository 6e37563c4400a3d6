//! The connection that all queries run on.
//!
//! Diesel compiles what prepares, binds and reads a statement anew for every statement, once for each engine. There are
//! thousands of statements, and that code was half of what the compiler had to do. So [`Conn`] hides a statement's type
//! before it meets the engines: they see one type, `Hidden`.

use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection,
    SimpleConnection,
};
use diesel::expression::QueryMetadata;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error as Db};
use diesel::sql_types::Untyped;

use super::guards::Meetings;

/// A connection to one of the two engines.
#[derive(diesel::MultiConnection)]
pub enum EngineConn {
    Pg(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// The connection that queries run on; `engine` is for what only one of the engines can say.
pub struct Conn {
    pub engine: EngineConn,
    /// Diesel wants to know of transactions. Ours are the engine's ([`super::engine`]), so this stays as it is.
    transactions: AnsiTransactionManager,
    /// What the unit of work that runs on it has met.
    pub(super) meetings: Meetings,
}

impl Conn {
    pub fn new(engine: EngineConn) -> Conn {
        Conn { engine, transactions: AnsiTransactionManager::default(), meetings: Meetings::default() }
    }
    /// Says which operation the unit of work belongs to, for the log.
    pub(crate) fn works_for(&mut self, operation: &'static str) {
        self.meetings.operation = operation;
    }
    pub fn is_sqlite(&self) -> bool {
        matches!(self.engine, EngineConn::Sqlite(_))
    }
}

/// A statement whose type is hidden. Its prepared form is found by its SQL.
struct Hidden<'a>(Box<dyn QueryFragment<MultiBackend> + 'a>);

impl QueryFragment<MultiBackend> for Hidden<'_> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
}
impl QueryId for Hidden<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Query for Hidden<'_> {
    // What the rows are is known where they are read.
    type SqlType = Untyped;
}

/// Whether an index or a reference refused the statement.
fn is_refusal(error: &Db) -> bool {
    use DatabaseErrorKind::{ForeignKeyViolation, UniqueViolation};
    matches!(error, Db::DatabaseError(UniqueViolation | ForeignKeyViolation, _))
}

type Cursor<'conn, 'query> = <EngineConn as LoadConnection>::Cursor<'conn, 'query>;

impl EngineConn {
    fn execute_hidden(&mut self, statement: Hidden<'_>) -> QueryResult<usize> {
        self.execute_returning_count(&statement)
    }
    fn load_hidden<'conn, 'query>(
        &'conn mut self,
        query: Hidden<'query>,
    ) -> QueryResult<Cursor<'conn, 'query>> {
        self.load(query)
    }
}

impl ConnectionSealed for Conn {}

impl SimpleConnection for Conn {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        self.engine.batch_execute(sql)
    }
}

impl Connection for Conn {
    type Backend = MultiBackend;
    type TransactionManager = AnsiTransactionManager;

    fn establish(url: &str) -> diesel::ConnectionResult<Conn> {
        EngineConn::establish(url).map(Conn::new)
    }
    fn execute_returning_count<T>(&mut self, statement: &T) -> QueryResult<usize>
    where
        T: QueryFragment<MultiBackend> + QueryId,
    {
        self.engine
            .execute_hidden(Hidden(Box::new(statement)))
            .inspect_err(|error| self.meetings.refused |= is_refusal(error))
    }
    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }
    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.engine.instrumentation()
    }
    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.engine.set_instrumentation(instrumentation);
    }
    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.engine.set_prepared_statement_cache_size(size);
    }
}

impl LoadConnection for Conn {
    type Cursor<'conn, 'query> = Cursor<'conn, 'query>;
    type Row<'conn, 'query> = <EngineConn as LoadConnection>::Row<'conn, 'query>;

    fn load<'conn, 'query, T>(&'conn mut self, query: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<MultiBackend> + QueryId + 'query,
        MultiBackend: QueryMetadata<T::SqlType>,
    {
        self.engine.load_hidden(Hidden(Box::new(query)))
    }
}
