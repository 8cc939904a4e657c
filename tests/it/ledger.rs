//! The conservation of money, whatever happens at once: ten thousand random commands from eight threads, each in a
//! transaction of its own on a connection of its own.

use crate::support::*;
use diesel::prelude::*;
use innovation_register::access::Operation;
use innovation_register::db::schema::{contributions, fund_transactions};
use innovation_register::db::{Conn, serializable};
use innovation_register::error::{Code, Result};
use innovation_register::funding::awards::ops as awards;
use innovation_register::funding::awards::rules::{
    AskedAwardMove, Authority, Award, AwardKind, EvaluationDimension, EvaluationPlan,
};
use innovation_register::funding::awards::transactions::ops::create_award_transaction;
use innovation_register::funding::awards::transactions::rules::{NewTransaction, PostedKind};
use innovation_register::funding::ledger::ops::{balance, position};
use innovation_register::funding::ledger::rules::{FundBalance, TransactionKind};
use innovation_register::funding::ledger::store::{award_balance, fund_balance};
use innovation_register::funding::money::Money;
use innovation_register::funding::reallocations::ops::create_reallocation;
use innovation_register::funding::reallocations::rules::Reallocation;
use innovation_register::http::context::{Context, IfMatch};
use innovation_register::vocabulary::{Id, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::{Arc, Mutex};

const THREADS: u8 = 8;
const COMMANDS: usize = 1250;
const FUNDS: [&str; 3] = ["ONE", "TWO", "THREE"];

/// One command; `which` chooses among the awards there are.
#[derive(Debug, Clone)]
enum Command {
    Propose { fund: usize, amount: i64 },
    Move { which: usize, to: &'static str },
    Post { which: usize, kind: PostedKind, amount: i64 },
    Reallocate { from: usize, to: usize, amount: i64 },
}

fn command() -> impl Strategy<Value = Command> {
    let amount = 1i64..40_000;
    const STATES: [&str; 11] = [
        "approved",
        "approved",
        "approved",
        "active",
        "active",
        "active",
        "suspended",
        "completed",
        "terminated",
        "cancelled",
        "rejected",
    ];
    prop_oneof![
        2 => (0..3usize, amount.clone()).prop_map(|(fund, amount)| Command::Propose { fund, amount }),
        5 => (any::<usize>(), prop::sample::select(&STATES[..])).prop_map(|(which, to)| Command::Move { which, to }),
        4 => (any::<usize>(), prop::sample::select(PostedKind::ALL), amount.clone()).prop_map(|(which, kind, amount)| Command::Post { which, kind, amount }),
        1 => (0..3usize, 0..3usize, amount).prop_map(|(from, to, amount)| Command::Reallocate { from, to, amount }),
    ]
}

/// A national administrator of this name, at this moment.
fn by(who: &str, operation: Operation, now: Timestamp) -> Context {
    let mut context = Context::local(operation, now);
    let actor = innovation_register::access::Actor { subject: who.to_owned(), ..(*context.actor).clone() };
    context.actor = Arc::new(actor);
    context.if_match = Some(IfMatch::Any);
    context
}

fn pounds(minor: i64) -> Money {
    Money::of(minor, "GBP")
}

fn proposal(fund: usize, amount: i64) -> Award {
    let day = |text: &str| text.parse().expect("a day");
    Award {
        fund: FUNDS[fund].to_owned(),
        programme: None,
        kind: AwardKind::Grant,
        title: "One of many".to_owned(),
        description: String::new(),
        recipient_organisation: Some("RJZ".to_owned()),
        recipient_person: None,
        innovation: None,
        fellowship: None,
        amount: pounds(amount),
        planned_from: day("2015-07-01"),
        planned_to: day("2016-07-01"),
        profile: Vec::new(),
        evaluation_plan: Some(EvaluationPlan {
            design: "Before and after.".to_owned(),
            dimensions: vec![EvaluationDimension::Health],
            reports_on: None,
        }),
        geocode: None,
        published: true,
        illustrative: true,
    }
}

/// Does one command and, in its own transaction, holds what it touched to the conservation of money.
fn act(conn: &mut Conn, command: &Command, made: &[Id], now: Timestamp) -> Result<Option<Id>> {
    let chosen = |which: usize| made.get(which % made.len().max(1)).map(Id::to_string).unwrap_or_default();
    let ((fund, award), new) = match command.clone() {
        Command::Propose { fund, amount } => {
            let award =
                awards::create_award(conn, &by("proposer", Operation::create_award, now), proposal(fund, amount))?;
            ((award.row.fund_id, Some(award.row.id)), Some(award.row.id))
        }
        Command::Move { which, to } => {
            let authority = Authority { reference: "Minute 7".to_owned(), on: now.date_naive() };
            let authority = (to == "terminated").then_some(authority);
            let reason = Some("It had to.".to_owned());
            let asked = AskedAwardMove { to: to.to_owned(), reason, effective_on: None, authority };
            let context = by("approver", Operation::transition_award, now);
            let award = awards::transition_award(conn, &context, &chosen(which), asked)?;
            ((award.row.fund_id, Some(award.row.id)), None)
        }
        Command::Post { which, kind, amount } => {
            let posted = NewTransaction { kind, amount: pounds(amount), posted_on: None, note: None };
            let context = by("payer", Operation::create_award_transaction, now);
            let made = create_award_transaction(conn, &context, &chosen(which), posted)?.row;
            ((made.fund_id, made.award_id), None)
        }
        Command::Reallocate { from, to, amount } => {
            let new = Reallocation {
                from_fund: FUNDS[from].to_owned(),
                to_fund: FUNDS[to].to_owned(),
                award: None,
                amount: pounds(amount),
                reason: "It is needed there.".to_owned(),
                made_on: None,
            };
            let made = create_reallocation(conn, &by("treasurer", Operation::create_reallocation, now), new)?.row;
            assert!(fund_balance(conn, made.from_fund_id)?.holds() && fund_balance(conn, made.to_fund_id)?.holds());
            return Ok(None);
        }
    };
    let award = award.expect("what was touched is an award");
    assert!(fund_balance(conn, fund)?.holds() && award_balance(conn, award)?.holds(), "{command:?}");
    Ok(new)
}

/// The balance that a fund must have by what was ever posted to it.
fn summed(conn: &mut Conn, fund: Id) -> FundBalance {
    let given: Vec<i64> = contributions::table
        .filter(contributions::fund_id.eq(fund))
        .select(contributions::amount_minor)
        .load(conn)
        .unwrap();
    let contributed = given.iter().sum();
    let mut sums = FundBalance { contributed, available: contributed, ..FundBalance::default() };
    let posted: Vec<(TransactionKind, i64)> = fund_transactions::table
        .filter(fund_transactions::fund_id.eq(fund))
        .select((fund_transactions::kind, fund_transactions::amount_minor))
        .load(conn)
        .unwrap();
    for (kind, amount) in posted {
        let (available, outstanding, disbursed) = match kind {
            TransactionKind::Commitment => (-amount, amount, 0),
            TransactionKind::Disbursement => (0, -amount, amount),
            TransactionKind::Return => (0, amount, -amount),
            TransactionKind::WriteOff => (0, 0, 0),
            TransactionKind::Release => (amount, -amount, 0),
            TransactionKind::ReallocationIn => (amount, 0, 0),
            TransactionKind::ReallocationOut => (-amount, 0, 0),
        };
        sums.available += available;
        sums.outstanding += outstanding;
        sums.disbursed += disbursed;
        sums.reallocated_in += if kind == TransactionKind::ReallocationIn { amount } else { 0 };
        sums.reallocated_out += if kind == TransactionKind::ReallocationOut { amount } else { 0 };
    }
    sums
}

#[rstest]
#[actix_web::test]
async fn no_money_is_made_or_lost_by_ten_thousand_commands_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    for fund in FUNDS {
        app.fund(fund, 2000).await;
    }
    let (made, done, now) = (Mutex::new(Vec::new()), Mutex::new(0), app.now());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (app, made, done) = (&app, &made, &done);
            scope.spawn(move || {
                let mut conn = connect(&app.database);
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[thread; 32]);
                let mut runner = TestRunner::new_with_rng(Config::default(), rng);
                for _ in 0..COMMANDS {
                    let command = command().new_tree(&mut runner).unwrap().current();
                    let known: Vec<Id> = made.lock().unwrap().clone();
                    match serializable(&mut conn, |conn| act(conn, &command, &known, now)) {
                        Ok(new) => {
                            made.lock().unwrap().extend(new);
                            *done.lock().unwrap() += 1;
                        }
                        Err(refused) => assert!(is_a_rule(refused.code()), "{command:?}: {refused:?}"),
                    }
                }
            });
        }
    });
    let mut conn = connect(&app.database);
    let context = by("auditor", Operation::get_fund, now);
    for fund in FUNDS {
        let id = innovation_register::funding::funds::ops::get_fund(&mut conn, &context, fund).unwrap().id;
        assert_eq!(position(&mut conn, id).unwrap(), summed(&mut conn, id), "{fund}");
    }
    for award in made.into_inner().unwrap() {
        assert!(balance(&mut conn, award).unwrap().holds());
    }
    assert!(done.into_inner().unwrap() > 2000, "most commands were refused, so little was tried");
}

/// Refusals that a random command may meet; a deadlock, a lost update or a broken balance is none of them.
fn is_a_rule(code: Code) -> bool {
    matches!(code, Code::InsufficientFunds | Code::IllegalTransition | Code::NotFound | Code::ValidationFailed)
}
