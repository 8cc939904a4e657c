//! The conservation of money, whatever happens at once: ten thousand random commands from eight threads, each in a
//! transaction of its own on a connection of its own.

use crate::support::*;
use chrono::NaiveDate;
use diesel::prelude::*;
use innovation_register::access::Operation;
use innovation_register::db::schema::{
    award_balances, award_profiles, awards as awards_table, contributions, fund_transactions, pledges, reallocations,
};
use innovation_register::db::{Conn, serializable};
use innovation_register::error::{Code, Error, Result};
use innovation_register::funding::awards::ops as awards;
use innovation_register::funding::awards::reprofilings::ops::create_award_reprofiling;
use innovation_register::funding::awards::reprofilings::rules::Reprofiling;
use innovation_register::funding::awards::rules::{
    AskedAwardMove, Authority, Award, AwardKind, EvaluationDimension, EvaluationPlan,
};
use innovation_register::funding::awards::supplements::ops::{create_award_supplement, transition_award_supplement};
use innovation_register::funding::awards::supplements::rules::Supplement;
use innovation_register::funding::awards::transactions::ops::create_award_transaction;
use innovation_register::funding::awards::transactions::rules::{NewTransaction, PostedKind};
use innovation_register::funding::contributions::ops::{create_contribution, delete_contribution};
use innovation_register::funding::contributions::rules::{Contribution, ContributionSource};
use innovation_register::funding::funds::ops::get_fund;
use innovation_register::funding::ledger::ops::{balance, position, years};
use innovation_register::funding::ledger::rules::{FundBalance, PledgeCertainty, TransactionKind, hold, left};
use innovation_register::funding::ledger::store::{award_balance, fund_balance};
use innovation_register::funding::money::Money;
use innovation_register::funding::pledges::ops::{create_pledge, get_pledge, update_pledge};
use innovation_register::funding::pledges::rules::{Pledge, PledgeNature};
use innovation_register::funding::reallocations::ops::create_reallocation;
use innovation_register::funding::reallocations::rules::Reallocation;
use innovation_register::funding::years::{PlannedYear, Share, financial_year, year_label};
use innovation_register::http::context::{Context, IfMatch};
use innovation_register::http::{Line, Wrong};
use innovation_register::vocabulary::{Id, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const THREADS: u8 = 8;
const COMMANDS: usize = 1250;
const FUNDS: [&str; 3] = ["ONE", "TWO", "THREE"];

/// One command; `which` chooses among the awards, the pledges, or the contributions there are.
#[derive(Debug, Clone)]
enum Command {
    Propose { fund: usize, amounts: [i64; 3] },
    Move { which: usize, to: &'static str },
    Post { which: usize, kind: PostedKind, amount: i64 },
    Reallocate { from: usize, to: usize, amount: i64 },
    Pledge { fund: usize, year: i32, amount: i64 },
    ChangePledge { which: usize, year: i32, amount: i64 },
    Contribute { which: usize, amount: i64 },
    TakeBack { which: usize },
    Supplement { which: usize, year: i32, amount: i64 },
    Reprofile { which: usize, early: i64 },
}

/// The financial years of every plan.
const YEARS: std::ops::Range<i32> = 2015..2018;

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
    let which = any::<usize>;
    prop_oneof![
        3 => (0..3usize, prop::array::uniform3(0i64..20_000)).prop_map(|(fund, amounts)| Command::Propose { fund, amounts }),
        6 => (which(), prop::sample::select(&STATES[..])).prop_map(|(which, to)| Command::Move { which, to }),
        5 => (which(), prop::sample::select(PostedKind::ALL), amount.clone()).prop_map(|(which, kind, amount)| Command::Post { which, kind, amount }),
        1 => (0..3usize, 0..3usize, amount.clone()).prop_map(|(from, to, amount)| Command::Reallocate { from, to, amount }),
        1 => (0..3usize, YEARS, amount.clone()).prop_map(|(fund, year, amount)| Command::Pledge { fund, year, amount }),
        1 => (which(), YEARS, amount.clone()).prop_map(|(which, year, amount)| Command::ChangePledge { which, year, amount }),
        1 => (which(), amount.clone()).prop_map(|(which, amount)| Command::Contribute { which, amount }),
        1 => which().prop_map(|which| Command::TakeBack { which }),
        1 => (which(), YEARS, amount.clone()).prop_map(|(which, year, amount)| Command::Supplement { which, year, amount }),
        1 => (which(), amount).prop_map(|(which, early)| Command::Reprofile { which, early }),
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

fn plan(shares: impl IntoIterator<Item = (i32, i64)>) -> Vec<PlannedYear> {
    let planned: Vec<Share> = shares.into_iter().map(|(year, minor)| Share { year, minor }).collect();
    let held: Vec<Share> = planned.into_iter().filter(|share| share.minor > 0).collect();
    innovation_register::funding::years::planned(&held, pounds(0))
}

fn proposal(fund: usize, amounts: [i64; 3]) -> Award {
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
        amount: pounds(amounts.iter().sum()),
        planned_from: day("2015-07-01"),
        planned_to: day("2018-04-01"),
        profile: plan(YEARS.zip(amounts)),
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

/// What was made: by the other threads too.
#[derive(Debug, Default, Clone)]
struct Made {
    awards: Vec<Id>,
    pledges: Vec<Id>,
    /// With the codes of their funds.
    contributions: Vec<(String, Id)>,
}

/// Does one command and, in its own transaction, holds what it touched to both books.
fn act(conn: &mut Conn, command: &Command, made: &Made, now: Timestamp) -> Result<Made> {
    let chosen = |ids: &[Id], which: usize| ids.get(which % ids.len().max(1)).map(Id::to_string).unwrap_or_default();
    let award_of = |which: usize| chosen(&made.awards, which);
    let mut new = Made::default();
    let (fund, award) = match command.clone() {
        Command::Propose { fund, amounts } => {
            let award =
                awards::create_award(conn, &by("proposer", Operation::create_award, now), proposal(fund, amounts))?;
            new.awards.push(award.row.id);
            (award.row.fund_id, Some(award.row.id))
        }
        Command::Move { which, to } => {
            let authority = Authority { reference: "Minute 7".to_owned(), on: now.date_naive() };
            let authority = (to == "terminated").then_some(authority);
            let reason = Some("It had to.".to_owned());
            let asked = AskedAwardMove { to: to.to_owned(), reason, effective_on: None, authority };
            let context = by("approver", Operation::transition_award, now);
            let award = awards::transition_award(conn, &context, &award_of(which), asked)?;
            (award.row.fund_id, Some(award.row.id))
        }
        Command::Post { which, kind, amount } => {
            let posted = NewTransaction { kind, amount: pounds(amount), posted_on: None, note: None };
            let context = by("payer", Operation::create_award_transaction, now);
            let made = create_award_transaction(conn, &context, &award_of(which), posted)?.row;
            (made.fund_id, made.award_id)
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
            assert!(fund_balance(conn, made.to_fund_id)?.holds() && hold(&years(conn, made.to_fund_id)?));
            (made.from_fund_id, None)
        }
        Command::Pledge { fund, year, amount } => {
            let pledge = Pledge {
                fund: FUNDS[fund].to_owned(),
                contributor: "QWE".to_owned(),
                financial_year: year_label(year),
                amount: pounds(amount),
                certainty: PledgeCertainty::Confirmed,
                nature: PledgeNature::Revenue,
                announced_on: None,
                note: None,
                illustrative: false,
            };
            let row = create_pledge(conn, &by("treasurer", Operation::create_pledge, now), pledge)?.row;
            new.pledges.push(row.id);
            (row.fund_id, None)
        }
        Command::ChangePledge { which, year, amount } => {
            let certainty = if amount % 3 == 0 { "indicative" } else { "confirmed" };
            let patch = json!({ "amount": pounds(amount), "financialYear": year_label(year), "certainty": certainty });
            let (context, patch) = (by("treasurer", Operation::update_pledge, now), serde_json::from_value(patch)?);
            let row = update_pledge(conn, &context, &chosen(&made.pledges, which), &patch)?.row;
            (row.fund_id, None)
        }
        Command::Contribute { which, amount } => {
            let context = by("treasurer", Operation::create_contribution, now);
            let pledge = get_pledge(conn, &context, &chosen(&made.pledges, which))?;
            let given = Contribution {
                contributor: "QWE".to_owned(),
                source: ContributionSource::Nhs,
                amount: pounds(amount),
                received_on: now.date_naive(),
                pledge: (amount % 4 > 0).then_some(pledge.row.id),
                note: None,
            };
            let row = create_contribution(conn, &context, &pledge.fund.code, given)?.row;
            new.contributions.push((pledge.fund.code, row.id));
            (row.fund_id, None)
        }
        Command::TakeBack { which } => {
            let context = by("treasurer", Operation::delete_contribution, now);
            let at = which % made.contributions.len().max(1);
            let (fund, id) = made.contributions.get(at).ok_or_else(|| Error::not_found("contribution"))?;
            let wrong = Wrong { reason: Some(Line("It was recorded twice.".to_owned())) };
            delete_contribution(conn, &context, fund, &id.to_string(), wrong)?;
            (get_fund(conn, &context, fund)?.id, None)
        }
        Command::Supplement { which, year, amount } => {
            let award = award_of(which);
            let (amount, profile, reason) = (pounds(amount), plan([(year, amount)]), "It grows.".to_owned());
            let context = by("proposer", Operation::create_award_supplement, now);
            let more = create_award_supplement(conn, &context, &award, Supplement { amount, profile, reason })?;
            let asked = serde_json::from_value(json!({ "to": "approved" }))?;
            let context = by("approver", Operation::transition_award_supplement, now);
            transition_award_supplement(conn, &context, &award, &more.added.id.to_string(), asked)?;
            let row = awards::get_award(conn, &context, &award)?.row;
            (row.fund_id, Some(row.id))
        }
        Command::Reprofile { which, early } => {
            let context = by("planner", Operation::create_award_reprofiling, now);
            let row = awards::get_award(conn, &context, &award_of(which))?.row;
            let early = early.min(row.amount_minor);
            let profile = plan([(2015, early), (2017, row.amount_minor - early)]);
            let reason = "It takes longer.".to_owned();
            create_award_reprofiling(conn, &context, &row.id.to_string(), Reprofiling { profile, reason })?;
            (row.fund_id, Some(row.id))
        }
    };
    assert!(fund_balance(conn, fund)?.holds() && hold(&years(conn, fund)?), "{command:?}");
    if let Some(award) = award {
        assert!(award_balance(conn, award)?.holds(), "{command:?}");
    }
    Ok(new)
}

/// The balance that a fund must have by what was ever posted to it.
fn summed(conn: &mut Conn, fund: Id) -> FundBalance {
    let given: Vec<i64> = contributions::table
        .filter(contributions::fund_id.eq(fund).and(contributions::withdrawn_at.is_null()))
        .select(contributions::amount_minor)
        .load(conn)
        .unwrap();
    let contributed = given.iter().sum();
    let mut sums = FundBalance { contributed, cash: contributed, ..FundBalance::default() };
    let posted: Vec<(TransactionKind, i64)> = fund_transactions::table
        .filter(fund_transactions::fund_id.eq(fund))
        .select((fund_transactions::kind, fund_transactions::amount_minor))
        .load(conn)
        .unwrap();
    for (kind, amount) in posted {
        let (cash, outstanding) = match kind {
            TransactionKind::Commitment => (0, amount),
            TransactionKind::Disbursement => (-amount, -amount),
            TransactionKind::Return => (amount, amount),
            TransactionKind::WriteOff => (0, 0),
            TransactionKind::Release => (0, -amount),
            TransactionKind::ReallocationIn => (amount, 0),
            TransactionKind::ReallocationOut => (-amount, 0),
        };
        sums.cash += cash;
        sums.outstanding += outstanding;
        sums.disbursed += match kind {
            TransactionKind::Disbursement => amount,
            TransactionKind::Return => -amount,
            _ => 0,
        };
        sums.reallocated_in += if kind == TransactionKind::ReallocationIn { amount } else { 0 };
        sums.reallocated_out += if kind == TransactionKind::ReallocationOut { amount } else { 0 };
    }
    sums
}

/// What a fund must have left to the end of a year, by its records: what may be committed up to it, less what each award has
/// left of its profile when what it released is taken from the end.
fn counted(conn: &mut Conn, fund: Id, to: i32) -> i64 {
    let in_time = |on: &NaiveDate| financial_year(*on) <= to;
    let given: Vec<(NaiveDate, i64)> = contributions::table
        .filter(contributions::fund_id.eq(fund).and(contributions::pledge_id.is_null()))
        .filter(contributions::withdrawn_at.is_null())
        .select((contributions::received_on, contributions::amount_minor))
        .load(conn)
        .unwrap();
    let promised: Vec<i64> = pledges::table
        .filter(pledges::fund_id.eq(fund).and(pledges::certainty.eq("confirmed")))
        .filter(pledges::financial_year.le(to))
        .select(pledges::amount_minor)
        .load(conn)
        .unwrap();
    let moved: Vec<(NaiveDate, Id, i64)> = reallocations::table
        .filter(reallocations::from_fund_id.eq(fund).or(reallocations::to_fund_id.eq(fund)))
        .select((reallocations::made_on, reallocations::from_fund_id, reallocations::amount_minor))
        .load(conn)
        .unwrap();
    let given: i64 = given.iter().filter(|(on, _)| in_time(on)).map(|(_, amount)| amount).sum();
    let moved = moved.iter().filter(|(on, ..)| in_time(on));
    let moved: i64 = moved.map(|(_, from, amount)| if *from == fund { -amount } else { *amount }).sum();
    let made: Vec<(Id, i64)> = awards_table::table
        .inner_join(award_balances::table)
        .filter(awards_table::fund_id.eq(fund).and(award_balances::committed_minor.gt(0)))
        .select((awards_table::id, award_balances::released_minor))
        .load(conn)
        .unwrap();
    let mut committed = 0;
    for (award, mut released) in made {
        let planned: Vec<(i32, i64)> = award_profiles::table
            .filter(award_profiles::award_id.eq(award))
            .order_by(award_profiles::financial_year.desc())
            .select((award_profiles::financial_year, award_profiles::amount_minor))
            .load(conn)
            .unwrap();
        for (year, amount) in planned {
            let taken = released.min(amount);
            released -= taken;
            committed += if year <= to { amount - taken } else { 0 };
        }
    }
    given + promised.iter().sum::<i64>() + moved - committed
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
    let (made, done, now) = (Mutex::new(Made::default()), Mutex::new(BTreeMap::new()), app.now());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (app, made, done) = (&app, &made, &done);
            scope.spawn(move || {
                let mut conn = connect(&app.database);
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[thread; 32]);
                let mut runner = TestRunner::new_with_rng(Config::default(), rng);
                for _ in 0..COMMANDS {
                    let command = command().new_tree(&mut runner).unwrap().current();
                    let known = made.lock().unwrap().clone();
                    match serializable(&mut conn, |conn| act(conn, &command, &known, now)) {
                        Ok(new) => {
                            let mut made = made.lock().unwrap();
                            made.awards.extend(new.awards);
                            made.pledges.extend(new.pledges);
                            made.contributions.extend(new.contributions);
                            let name = format!("{command:?}").split(' ').next().unwrap_or_default().to_owned();
                            *done.lock().unwrap().entry(name).or_insert(0) += 1;
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
        let id = get_fund(&mut conn, &context, fund).unwrap().id;
        assert_eq!(position(&mut conn, id).unwrap(), summed(&mut conn, id), "{fund}");
        let held = years(&mut conn, id).unwrap();
        for year in YEARS.start - 1..=financial_year(now.date_naive()) {
            assert_eq!(left(&held, year), counted(&mut conn, id, year), "{fund} to the end of {year}");
        }
    }
    for award in made.into_inner().unwrap().awards {
        assert!(balance(&mut conn, award).unwrap().holds());
    }
    let done = done.into_inner().unwrap();
    assert!(done.values().sum::<usize>() > 2000, "most commands were refused, so little was tried: {done:?}");
    assert!(done.len() == 10 && done.values().all(|times| *times > 10), "some commands were always refused: {done:?}");
}

/// Refusals that a random command may meet; a deadlock, a lost update or a broken balance is none of them.
fn is_a_rule(code: Code) -> bool {
    matches!(
        code,
        Code::InsufficientFunds | Code::IllegalTransition | Code::NotFound | Code::ValidationFailed | Code::Immutable
    )
}
