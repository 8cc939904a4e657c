//! Every operation that needs `If-Match`, on a record that is there.

use super::roles::World;
use super::{Operation, operations};
use crate::support::*;
use innovation_register::access::Role;
use innovation_register::access::permissions::Answer as Allowed;

#[rstest]
#[actix_web::test]
async fn a_change_of_a_version_that_is_gone_is_refused_and_one_of_none(#[values(Sqlite, Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for operation in operations().into_iter().filter(Operation::is_conditional) {
        let row = operation.access.expect("a row of the permission table");
        let role = *Role::ALL.iter().find(|role| row.answer(**role) != Allowed::No).expect("somebody who may");
        let actor = world.actor(role);
        let request = world.request(&operation.id, &actor, &world.inside).await;
        request.again().without("if-match").if_match(0).await.problem(412, "version-mismatch");
        request.again().without("if-match").await.problem(428, "version-required");
        let done = request.await;
        assert!((200..300).contains(&done.status), "{}: {} {}", operation.id, done.status, done.text());
    }
}
