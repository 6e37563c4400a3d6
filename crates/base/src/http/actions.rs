//! Steps in a record's life: which are possible, what stands in the way of the others and who can clear it
//! (`GET /{resource}/{id}/actions`), and the refusal of one that is not possible now.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::auth::{Role, Scope};
use crate::error::{Error, Problem};
use crate::messages::{self, Lang};

/// One step in a record's life, and whether the caller can take it now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionState {
    /// The step, named as in `allowed_actions`.
    #[schema(example = "activate")]
    pub action: String,
    /// True when nothing stands in the way: `obstacles` is empty.
    pub allowed: bool,
    /// What stands in the way of the step. Empty when the step is allowed.
    pub obstacles: Vec<Obstacle>,
}

/// One reason why the caller cannot take a step now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Obstacle {
    /// Stable code of the reason. Programs act on this, not on `message`.
    #[schema(example = "missing_scope")]
    pub code: String,
    /// The reason in words, in the language that the request asks for.
    #[schema(max_length = 1000, example = "needs the scope customers:write")]
    pub message: String,
    /// Roles whose members can remove the obstacle. Empty when no right removes it and another step must come
    /// first.
    pub cleared_by: Vec<Role>,
}

/// Every step of a record's life.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionStates {
    /// One entry per step, allowed or not.
    pub data: Vec<ActionState>,
}

impl ActionState {
    /// Allowed when nothing stands in the way.
    pub fn of(action: impl ToString, obstacles: Vec<Obstacle>) -> ActionState {
        ActionState { action: action.to_string(), allowed: obstacles.is_empty(), obstacles }
    }
}

impl Obstacle {
    /// The words come from the phrase of this code.
    pub fn new(
        lang: Lang,
        code: &'static str,
        params: &[(&'static str, String)],
        cleared_by: Vec<Role>,
    ) -> Obstacle {
        let message = messages::fill(lang.pick(messages::phrase(code)), params);
        Obstacle { code: code.to_owned(), message, cleared_by }
    }
    /// The record's status does not allow the step.
    pub fn status(lang: Lang, status: impl ToString) -> Obstacle {
        Obstacle::new(lang, "wrong_status", &[("status", status.to_string())], vec![])
    }
    /// The caller lacks this scope.
    pub fn scope(lang: Lang, scope: Scope) -> Obstacle {
        Obstacle::new(lang, "missing_scope", &[("scope", scope.to_string())], holders(scope))
    }
}

/// The roles that have a scope.
pub fn holders(scope: Scope) -> Vec<Role> {
    Role::ALL.iter().copied().filter(|role| role.scopes().has(scope)).collect()
}

/// 409: the step is not possible now; these are.
pub fn refused(status: impl ToString, action: impl ToString, allowed: &[impl ToString]) -> Error {
    let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    Problem::new("invalid_transition")
        .param("current_status", status.to_string())
        .param("action", action.to_string())
        .with("current_status", status.to_string())
        .with("allowed_actions", json!(allowed))
        .into()
}
