//! What can be done with funds, each in one transaction.

use super::rules::{Fund, FundPosition};
use super::store::{self, FundRow};
use crate::access::{Operation, outside};
use crate::db::Conn;
use crate::error::{Code, Error, Fault, Result};
use crate::events::{self, Event};
use crate::funding::ledger;
use crate::funding::years::{financial_year, year_label};
use crate::http::{Context, Patch};
use crate::vocabulary::Id;
use crate::{organisations, programmes};
use serde_json::json;

/// A fund that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_fund(conn: &mut Conn, context: &Context, code: &str) -> Result<FundRow> {
    store::find_seen(conn, context, &code.to_ascii_uppercase())?.ok_or_else(|| Error::not_found("fund"))
}

/// A fund of which the caller may see who gave what.
///
/// # Errors
/// `not-found`, `forbidden` for one of which only the name and the position are seen.
pub fn get_fund_with_money(conn: &mut Conn, context: &Context, code: &str) -> Result<FundRow> {
    let fund = get_fund(conn, context, code)?;
    let reach = context.actor.reach(Operation::get_contribution);
    if reach.covers_programme(fund.programme.as_deref()) { Ok(fund) } else { Err(outside()) }
}

/// The codes of the funds that the caller sees by what their grants reach today; none for who sees every fund.
///
/// # Errors
/// The database's own.
pub fn seen_by_scope(conn: &mut Conn, context: &Context) -> Result<Vec<String>> {
    let everything = context.actor.reach(Operation::get_fund).is_everything();
    if everything { Ok(Vec::new()) } else { store::codes_seen(conn, context) }
}

/// # Errors
/// `not-found`.
pub fn get_fund_position(conn: &mut Conn, context: &Context, code: &str) -> Result<FundPosition> {
    let fund = get_fund(conn, context, code)?;
    let (balance, years) = (ledger::ops::position(conn, fund.id)?, ledger::ops::years(conn, fund.id)?);
    Ok(FundPosition::of(fund.code, &fund.currency, balance, &years, financial_year(context.today())))
}

/// A fund that the caller may change.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, code: &str) -> Result<FundRow> {
    let fund = get_fund(conn, context, code)?;
    context.keep_programme(fund.programme.as_deref())?;
    Ok(fund)
}

/// The fund that a request refers to and the caller may spend from.
///
/// # Errors
/// `unknown-reference`, pointing at the value; `forbidden`.
pub fn referred(conn: &mut Conn, context: &Context, pointer: &str, code: &str) -> Result<FundRow> {
    kept(conn, context, code).map_err(|error| if error.code() == Code::NotFound { unknown(pointer) } else { error })
}

/// The id of a fund for the filter of a list. The list itself decides which rows the caller sees; a code that is no fund's
/// finds none of them, so that who may not see every fund does not learn which there are.
///
/// # Errors
/// `unknown-reference`, pointing at the value, for who may see every fund.
pub fn filtered_by(conn: &mut Conn, sees_all: bool, pointer: &str, code: &str) -> Result<Id> {
    match store::find(conn, &code.to_ascii_uppercase())? {
        Some(fund) => Ok(fund.id),
        None if sees_all => Err(unknown(pointer)),
        None => Ok(Id::NONE),
    }
}

fn unknown(pointer: &str) -> Error {
    let detail = "There is no fund with this code that you may see.";
    Error::new(Code::UnknownReference).detail(detail).fault(Fault::new(pointer, "unknown-fund", detail))
}

/// The programme of a fund, which the caller must be able to change.
fn programme(conn: &mut Conn, context: &Context, fund: &Fund) -> Result<Option<String>> {
    let slug = fund.programme.as_deref();
    let programme = slug.map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    Ok(programme)
}

fn finish(conn: &mut Conn, context: &Context, row: FundRow) -> Result<FundRow> {
    let event = Event::new("fund", &row.code, row.version, json!({ "currency": row.currency }));
    events::record(conn, context, Event { programme: row.programme.clone(), ..event })?;
    Ok(row)
}

/// Checks what a fund says of its publisher. A new one has no contributors.
fn check_publisher(conn: &mut Conn, fund: Option<Id>, new: &Fund) -> Result<()> {
    const AT: &str = "/publishingFunder";
    let Some(code) = &new.publishing_funder else { return Ok(()) };
    let publisher = organisations::ops::referred(conn, AT, code)?;
    let is_one = match fund {
        Some(fund) => store::funders(conn, &[fund])?.get(&fund).is_some_and(|funders| funders.contains(&publisher)),
        None => false,
    };
    let detail = "Expected one of the organisations that contributed to the fund or have a confirmed pledge to it.";
    if is_one { Ok(()) } else { Err(Error::invalid(AT, "no-funder", detail)) }
}

/// Checks that the first day of a fund as it is now written, its own or that of its programme, is not later than that of its money.
fn check_from(conn: &mut Conn, fund: Id, before: &Fund, new: &Fund) -> Result<()> {
    if (before.from, &before.programme) == (new.from, &new.programme) {
        return Ok(());
    }
    let from = store::floor_of(conn, fund)?.day;
    let detail = match (store::first_money(conn, fund)?, store::first_pledged(conn, fund)?) {
        (Some(day), _) if day < from => format!("Expected {day} or earlier, since the fund has money of that day."),
        (_, Some(year)) if year < financial_year(from) => {
            format!("Expected a day of {} or earlier, since money is pledged for that year.", year_label(year))
        }
        _ => return Ok(()),
    };
    Err(Error::invalid("/from", "too-late", detail))
}

/// Opens an empty fund.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_fund(conn: &mut Conn, context: &Context, new: Fund) -> Result<FundRow> {
    new.check()?;
    check_publisher(conn, None, &new)?;
    let programme = programme(conn, context, &new)?;
    let row = FundRow::new(context, new, programme);
    store::insert(conn, &row)?;
    ledger::store::open_fund(conn, row.id)?;
    finish(conn, context, row)
}

/// Changes a fund's name, programme, first day and publishing funder. Its code and currency cannot change.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_fund(conn: &mut Conn, context: &Context, code: &str, patch: &Patch<Fund>) -> Result<FundRow> {
    let present = kept(conn, context, code)?;
    let before = present.fund();
    let Some(new) = context.revised(&before, present.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    if before.publishing_funder != new.publishing_funder {
        check_publisher(conn, Some(present.id), &new)?;
    }
    let programme = programme(conn, context, &new)?;
    let row = present.revised(context, new.clone(), programme);
    store::update(conn, &row)?;
    check_from(conn, row.id, &before, &new)?;
    finish(conn, context, row)
}
