//! What areas declare for others to read: a customer's records that move with it, what is on a worklist, what a check
//! recounts. Whoever reads a declaration owns its type; the base only keeps the values, by their type.

use std::any::{Any, TypeId};
use std::collections::HashMap;

/// All declarations, in the order in which areas made them.
#[derive(Default)]
pub struct Declared(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Declared {
    pub fn add<T: Send + Sync + 'static>(&mut self, declaration: T) {
        let of_type = self.0.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Vec::<T>::new()));
        if let Some(all) = of_type.downcast_mut::<Vec<T>>() {
            all.push(declaration);
        }
    }

    /// Every declaration of this type.
    pub fn all<T: Send + Sync + 'static>(&self) -> &[T] {
        let of_type = self.0.get(&TypeId::of::<T>());
        of_type.and_then(|all| all.downcast_ref::<Vec<T>>()).map_or(&[], Vec::as_slice)
    }
}
