//! A value as it is read, with the key of its series.

use crate::db::MultiBackend;
use crate::db::schema::{kpi_values, series};
use crate::sortable;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{AsSelect, InnerJoin, IntoBoxed, Select};
use diesel::prelude::*;

/// A value with the key of its series.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kpi_values)]
pub struct ValueRow {
    pub series_id: i64,
    #[diesel(select_expression = series::kpi_id)]
    pub kpi_id: Id,
    #[diesel(select_expression = series::organisation_id)]
    pub organisation_id: Id,
    #[diesel(select_expression = series::innovation_id)]
    pub innovation_id: Id,
    #[diesel(select_expression = series::breakdown)]
    pub breakdown: String,
    #[diesel(select_expression = series::illustrative)]
    pub illustrative: bool,
    pub period_start: NaiveDate,
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<String>,
    pub version: i32,
    pub kpi_version: i32,
    pub submission_id: Id,
    pub updated_at: NaiveDateTime,
}

type Values = Select<InnerJoin<kpi_values::table, series::table>, AsSelect<ValueRow, MultiBackend>>;
pub type Query = IntoBoxed<'static, Values, MultiBackend>;

sortable! { ValueRow, Query;
    kpi_values of |row| row => "period" period_start, then series_id;
}
