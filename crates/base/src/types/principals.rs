//! Ids that the base itself needs: who calls, whose a record is, and which customer it belongs to. The records that they
//! name are areas above.

use crate::id_type;

id_type!(UserId, "usr", "user");
id_type!(TeamId, "tem", "team");
id_type!(ClientId, "cli", "client");
id_type!(CustomerId, "cus", "customer");
