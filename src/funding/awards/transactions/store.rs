//! The movements of awards in the database; the ledger writes them.

use super::rules::Transaction;
use crate::db::schema::{awards, fund_transactions};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::awards::ops::get_award;
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::ledger::store::TransactionRow;
use crate::funding::money::Money;
use crate::http::{Context, OneOf};
use crate::vocabulary::{Id, instant};
use crate::{one_of, params, sortable};
use diesel::dsl;
use diesel::prelude::*;

/// A movement with the currency of its award, read in one query.
#[derive(Queryable, Clone)]
pub struct AwardTransaction {
    pub row: TransactionRow,
    pub currency: String,
}

impl From<AwardTransaction> for Transaction {
    fn from(found: AwardTransaction) -> Self {
        let AwardTransaction { row, currency } = found;
        Self {
            id: row.id,
            kind: row.kind,
            amount: Money::of(row.amount_minor, &currency),
            posted_on: row.posted_on,
            note: row.note,
            made_by: row.made_by,
            created_at: instant(row.created_at),
        }
    }
}

type Columns = (<fund_transactions::table as Table>::AllColumns, awards::currency);
type Query = dsl::IntoBoxed<'static, of_award, MultiBackend>;

sortable! { AwardTransaction, Query, key "id" => fund_transactions::id as Id;
    fund_transactions of |found| found.row => "postedOn" posted_on, "updatedAt" created_at, then id;
}

params! {
    /// What the movements of an award may be narrowed to.
    pub struct ListAwardTransactions list of AwardTransaction {
        /// The kind of movement.
        kind: OneOf<TransactionKind> = "kind",
    }
}

#[dsl::auto_type]
fn of_award(award: Id) -> _ {
    let columns: Columns = (fund_transactions::all_columns, awards::currency);
    fund_transactions::table.inner_join(awards::table).select(columns).filter(fund_transactions::award_id.eq(award))
}

/// The movements of an award.
///
/// # Errors
/// `not-found` for the award.
pub fn list(conn: &mut Conn, context: &Context, award: &str, asked: &ListAwardTransactions) -> Result<Query> {
    let mut query = of_award(get_award(conn, context, award)?.row.id).into_boxed::<MultiBackend>();
    if let Some(kinds) = &asked.kind {
        query = query.filter(one_of!(fund_transactions::kind, kinds.0.clone()));
    }
    Ok(query)
}

/// Every movement of an award, oldest first.
pub fn all_of(conn: &mut Conn, award: Id) -> Result<Vec<AwardTransaction>> {
    Ok(of_award(award).order_by(fund_transactions::id).load(conn)?)
}

pub fn find(conn: &mut Conn, award: Id, id: Id) -> Result<Option<AwardTransaction>> {
    Ok(of_award(award).filter(fund_transactions::id.eq(id)).first(conn).optional()?)
}
