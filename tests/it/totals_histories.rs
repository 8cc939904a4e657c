//! Totals held against a naive recount: random sequences of submissions, amendments, deletions, approvals, withdrawals and changes of
//! organisations go in through HTTP, and the totals of every place are added up again from the acts themselves, on both maps.

use crate::support::*;
use chrono::Months;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many histories an engine is given; TOTALS_HISTORIES=500 gives as many as a night has time for.
const HISTORIES: u64 = 5;
/// How many acts a history has.
const ACTS: usize = 60;
const MONTHS: i64 = 6;

/// The number of a month's first day, and of the next month's.
fn days_of(month: i64) -> (i64, i64) {
    let first = day(0);
    let begins = |month: i64| (first + Months::new(u32::try_from(month).unwrap()) - first).num_days();
    (begins(month), begins(month + 1))
}

fn label(month: i64) -> String {
    format!("2020-{:02}", month + 1)
}

/// An organisation as the acts tell of it.
#[derive(Debug, Clone)]
struct Body {
    /// Its boards, each with its days.
    boards: Vec<Days>,
    /// The networks that it is in by an edge of its own.
    networks: Vec<Days>,
    /// The day on which it became another, and which.
    ended: Option<(i64, usize)>,
    /// Among whom it was divided, or who took over all of it.
    heirs: Vec<usize>,
    /// Whether it was below no board for some days.
    has_gap: bool,
}

impl Body {
    fn below(board: &'static str) -> Self {
        Self {
            boards: vec![(board, EVER, NEVER)],
            networks: Vec::new(),
            ended: None,
            heirs: Vec::new(),
            has_gap: false,
        }
    }

    fn board(&self, day: i64) -> &'static str {
        board_on(&self.boards, day)
    }
}

/// What was sent of a share: of how many, how many.
type Share = (i64, i64);

/// A return as a child would keep it: what counts, and what was said since.
#[derive(Debug, Default, Clone)]
struct Return {
    state: &'static str,
    counts: Option<Share>,
    said: Option<Option<Share>>,
}

impl Return {
    fn say(&mut self, value: Option<Share>) {
        let known = self.said.unwrap_or(self.counts);
        let (changed, missing) = (known != value, ["", "withdrawn"].contains(&self.state));
        if !changed && (value.is_none() || !missing) {
            return;
        }
        if changed {
            self.said = Some(value);
        }
        let lasting = ["submitted", "approved"].contains(&self.state);
        self.state = if lasting || value.is_some() { "submitted" } else { "received" };
    }

    fn goes(&mut self, to: &'static str) -> bool {
        let may = match to {
            "approved" => self.state == "submitted",
            _ => ["received", "submitted"].contains(&self.state),
        };
        if may {
            self.state = to;
            let said = self.said.take();
            if let Some(value) = said.filter(|_| to == "approved") {
                self.counts = value;
            }
        }
        may
    }
}

/// Everything that was done, as it counts: by body and month, and counts by member too.
#[derive(Debug, Default)]
struct World {
    bodies: Vec<Body>,
    counts: BTreeMap<(usize, i64, &'static str), i64>,
    shares: BTreeMap<(usize, i64), Return>,
    /// The mean, and of how many; of none there is nothing to add.
    waits: BTreeMap<(usize, i64), (i64, i64)>,
    boards_merged: bool,
    /// Who became, or handed something over to, whom.
    followed: Vec<(usize, usize)>,
}

const ENGLAND: &str = "E92000001";

impl World {
    /// Whether what became of one led to the other, which cannot lead back.
    fn led_to(&self, from: usize, to: usize) -> bool {
        let next = self.followed.iter().filter(|(before, _)| *before == from);
        from == to || next.into_iter().any(|(_, after)| self.led_to(*after, to))
    }

    fn lives(&self, body: usize, day: i64) -> bool {
        self.bodies[body].ended.is_none_or(|(end, _)| day < end)
    }

    /// Where a body is on a day: once it has become another, where that is, and there too.
    fn places(&self, at: usize, day: i64) -> BTreeSet<String> {
        let body = &self.bodies[at];
        if let Some((_, heir)) = body.ended.filter(|(end, _)| *end <= day) {
            let mut places = self.places(heir, day);
            places.insert(format!("T{at}"));
            return places;
        }
        let board = body.board(day);
        let own = body.networks.iter().find(|(_, from, to)| holds((*from, *to), day)).map(|own| own.0);
        // The first network has the first board; an edge of one's own is nearer.
        let network = own.or((board == "A").then_some("N"));
        let mut places: BTreeSet<String> =
            [ENGLAND, "Y", board].into_iter().chain(network).map(str::to_owned).collect();
        places.insert(format!("T{at}"));
        places
    }

    /// Where it is told today: where its legal heir stands. One that was divided, nobody knows by which shares, is told where all its heirs
    /// stand.
    fn places_today(&self, at: usize) -> BTreeSet<String> {
        match (self.bodies[at].heirs.as_slice(), self.bodies[at].ended) {
            (heirs @ [_, _, ..], _) => {
                let places = heirs.iter().map(|heir| self.places_today(*heir));
                places.reduce(|some, others| &some & &others).unwrap()
            }
            (_, Some((_, heir))) => self.places_of_legal_heir(heir),
            _ => self.places(at, NEVER - 1),
        }
    }

    fn places_of_legal_heir(&self, at: usize) -> BTreeSet<String> {
        self.bodies[at].ended.map_or_else(|| self.places(at, NEVER - 1), |(_, heir)| self.places_of_legal_heir(heir))
    }

    fn is_told(&self, at: usize, month: i64, place: &str, geography: &str) -> bool {
        let last = days_of(month).1 - 1;
        let places = if geography == "current" { self.places_today(at) } else { self.places(at, last) };
        places.contains(place)
    }

    /// The total of each month that has one: its value where it is whole, and its parts.
    fn recount(&self, kpi: &str, place: &str, geography: &str) -> BTreeMap<String, Total> {
        let mut totals: BTreeMap<String, Total> = BTreeMap::new();
        let mut add = |at: usize, month: i64, part: Total| {
            if self.is_told(at, month, place, geography) {
                let total = totals.entry(label(month)).or_default();
                *total = Total { above: total.above + part.above, of: total.of + part.of };
            }
        };
        match kpi {
            "counts" => {
                self.counts.iter().for_each(|((at, month, _), value)| add(*at, *month, Total { above: *value, of: 0 }));
            }
            "shares" => {
                let approved = self.shares.iter().filter_map(|(key, one)| Some((key, one.counts?)));
                approved.for_each(|((at, month), (above, of))| add(*at, *month, Total { above, of }));
            }
            _ => self.waits.iter().for_each(|((at, month), (mean, of))| {
                add(*at, *month, Total { above: mean * of, of: *of });
            }),
        }
        totals
    }

    fn everywhere(&self) -> Vec<(String, &'static str)> {
        let fixed = [ENGLAND, "Y", "A", "B", "N", "M"].map(|place| (place.to_owned(), true));
        let trusts = (0..self.bodies.len()).map(|at| (format!("T{at}"), self.bodies[at].ended.is_none()));
        // A trust that has ended is told at its time alone.
        let maps = |(place, lives): (String, bool)| {
            let current = lives.then(|| (place.clone(), "current"));
            current.into_iter().chain([(place, "at-time")])
        };
        fixed.into_iter().chain(trusts).flat_map(maps).collect()
    }
}

/// A sum, or a quotient by its parts.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Total {
    above: i64,
    of: i64,
}

/// What a point of the register's answer comes to, in the same terms; a quotient is held against its own parts.
fn read(kpi: &str, point: &Value) -> Option<Total> {
    let whole = |name: &str| point[name].as_f64().map(|number| number.round() as i64);
    let figure = point["value"].as_f64();
    match kpi {
        "counts" => Some(Total { above: whole("value")?, of: 0 }),
        "shares" => {
            let (above, of) = (whole("numerator")?, whole("denominator")?);
            let expected = (of > 0).then(|| 100.0 * above as f64 / of as f64);
            assert_eq!(figure.is_some(), expected.is_some(), "{point}");
            assert!((figure.unwrap_or_default() - expected.unwrap_or_default()).abs() <= 0.051, "{point}");
            Some(Total { above, of })
        }
        _ => {
            let of = whole("denominator").unwrap_or_default();
            // To four decimals, of a few hundred at the most: the sum of what was waited is a whole number again.
            let above = (figure.unwrap_or_default() * of as f64).round() as i64;
            Some(Total { above, of })
        }
    }
}

/// One history: its own codes, what was done, and how often each kind of act was.
struct History<'a> {
    app: &'a TestApp,
    prefix: String,
    world: World,
    acts: &'a mut BTreeMap<&'static str, usize>,
    /// The day from which on organisations change next.
    today: i64,
}

impl History<'_> {
    fn code(&self, name: &str) -> String {
        if name == ENGLAND { ENGLAND.to_owned() } else { format!("{}{name}", self.prefix) }
    }

    fn trust(&self, at: usize) -> String {
        self.code(&format!("T{at}"))
    }

    fn kpi(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix.to_ascii_lowercase())
    }

    fn act(&mut self, name: &'static str) {
        *self.acts.entry(name).or_default() += 1;
    }

    async fn begins(&self) {
        let boards = self.world.bodies.iter().map(|body| body.boards[0].0);
        organisations_of_history(self.app, &self.prefix, boards).await;
        let by_type = json!([{ "dimension": "type", "members": ["1", "2"] }]);
        self.app.kpi(&self.kpi("counts"), json!({ "breakdowns": by_type })).await;
        let share = json!({ "valueType": "percentage", "aggregation": "ratio-of-sums", "decimals": 1, "approvalRequired": true });
        self.app.kpi(&self.kpi("shares"), share).await;
        let mean = json!({ "valueType": "duration", "aggregation": "mean", "decimals": 4 });
        self.app.kpi(&self.kpi("waits"), mean).await;
    }

    /// Whoever sends for the whole region.
    fn sender(&self) -> Actor {
        self.app.submitter(&self.code("Y"))
    }

    async fn send(&self, kpi: &str, row: Value, deletes: bool) {
        let strategy = if deletes { "&strategy=delete" } else { "" };
        let target = format!("/v1/kpi-submissions?kpi={}{strategy}", self.kpi(kpi));
        self.sender().post(&target, json!({ "rows": [row] })).await.expect(201);
    }

    async fn counts(&mut self, at: usize, month: i64, draw: &mut Draw) {
        let (member, value, deletes) = (draw.of(&["1", "2"]), draw.below(400), draw.below(5) == 0);
        let row =
            json!({ "organisation": self.trust(at), "period": label(month), "breakdown": member, "value": value });
        self.send("counts", row, deletes).await;
        let key = (at, month, member);
        let before = if deletes { self.world.counts.remove(&key) } else { self.world.counts.insert(key, value) };
        self.act(match (deletes, before) {
            (true, _) => "deleted",
            (false, None) => "sent",
            (false, Some(_)) => "amended",
        });
    }

    async fn shares(&mut self, at: usize, month: i64, draw: &mut Draw) {
        let of = if draw.below(5) == 0 { 0 } else { 1 + draw.below(300) };
        let (above, deletes) = (if of == 0 { 0 } else { draw.below(of + 1) }, draw.below(6) == 0);
        let row =
            json!({ "organisation": self.trust(at), "period": label(month), "numerator": above, "denominator": of });
        self.send("shares", row, deletes).await;
        let one = self.world.shares.entry((at, month)).or_default();
        one.say((!deletes).then_some((above, of)));
        self.act(if of == 0 { "nothing to divide" } else { "waits for approval" });
    }

    async fn waits(&mut self, at: usize, month: i64, draw: &mut Draw) {
        let of = if draw.below(4) == 0 { 0 } else { 1 + draw.below(40) };
        let (mean, deletes) = (draw.below(90), draw.below(6) == 0);
        let (organisation, period) = (self.trust(at), label(month));
        let row = if of == 0 {
            json!({ "organisation": organisation, "period": period, "qualifier": "not-applicable" })
        } else {
            json!({ "organisation": organisation, "period": period, "value": mean, "denominator": of })
        };
        self.send("waits", row, deletes).await;
        if deletes {
            self.world.waits.remove(&(at, month));
        } else {
            self.world.waits.insert((at, month), (if of == 0 { 0 } else { mean }, of));
            self.act(if of == 0 { "no mean of none" } else { "a mean" });
        }
    }

    /// The return of a share is approved by another, or taken back by its sender.
    async fn returns(&mut self, at: usize, month: i64, to: &'static str) {
        let target = format!(
            "/v1/kpi-returns?kpi={}&organisation={}&period={}",
            self.kpi("shares"),
            self.trust(at),
            label(month)
        );
        let list = self.app.admin().get(&target).await.expect(200);
        let Some(found) = rows(&list).first() else { return };
        let target = format!("/v1/kpi-returns/{}", found["id"].as_str().unwrap());
        let actor = if to == "approved" { self.app.admin() } else { self.sender() };
        let moved = actor.transition(&target, found["version"].as_i64().unwrap(), json!({ "to": to })).await;
        let may = self.world.shares.entry((at, month)).or_default().goes(to);
        assert_eq!(moved.status == 200, may, "{} {to}: {}", self.prefix, moved.text());
        if may {
            self.act(to);
        }
    }

    async fn edge(&self, at: usize, parent: &str, kind: &str, (from, to): (i64, i64)) {
        let mut edge = json!({ "parent": self.code(parent), "kind": kind, "from": day(from) });
        if to != NEVER {
            edge["to"] = json!(day(to));
        }
        self.app.admin().post(&format!("/v1/organisations/{}/edges", self.trust(at)), edge).await.expect(201);
    }

    /// A trust leaves its board, and some days later, or at once, comes below the other.
    async fn moves_board(&mut self, at: usize, gap: i64) {
        let left = self.today;
        let target = format!("/v1/organisations/{}/edges", self.trust(at));
        let edges = self.app.admin().get(&format!("{target}?kind=geographic")).await.expect(200);
        let open = rows(&edges).iter().find(|edge| edge["to"].is_null()).expect("an open edge").clone();
        let (id, version) = (open["id"].as_str().unwrap(), open["version"].as_i64().unwrap());
        self.app.admin().patch(&format!("{target}/{id}"), version, json!({ "to": day(left) })).await.expect(200);
        let other = if self.world.bodies[at].board(left) == "A" { "B" } else { "A" };
        self.edge(at, other, "geographic", (left + gap, NEVER)).await;
        let body = &mut self.world.bodies[at];
        body.boards.last_mut().unwrap().2 = left;
        body.boards.push((other, left + gap, NEVER));
        body.has_gap |= gap > 0;
        self.today += gap;
        self.act(if gap > 0 { "moved after a gap" } else { "moved" });
    }

    async fn joins_network(&mut self, at: usize, length: i64) {
        let days = (self.today, self.today + length);
        self.edge(at, "M", "network", days).await;
        self.world.bodies[at].networks.push(("M", days.0, days.1));
        self.act("network across boards");
    }

    async fn becomes(&mut self, at: usize, kind: &'static str, heirs: &[usize]) {
        let on = self.today;
        let to: Vec<Value> = heirs
            .iter()
            .enumerate()
            .map(|(number, heir)| json!({ "code": self.trust(*heir), "legal": number == 0 && kind != "transfer" }))
            .collect();
        let act = json!({ "kind": kind, "effectiveOn": day(on), "to": to });
        self.app.admin().post(&format!("/v1/organisations/{}/successions", self.trust(at)), act).await.expect(201);
        self.act(kind);
        self.world.followed.extend(heirs.iter().map(|heir| (at, *heir)));
        if kind != "transfer" {
            let body = &mut self.world.bodies[at];
            body.boards.iter_mut().chain(&mut body.networks).for_each(|edge| edge.2 = edge.2.min(on));
            (body.ended, body.heirs) = (Some((on, heirs[0])), heirs.to_vec());
        }
    }

    /// A trust goes on under another code, in the networks that it was in by edges of its own.
    async fn is_renamed(&mut self, at: usize) {
        let (heir, board) = (self.world.bodies.len(), self.world.bodies[at].board(self.today));
        let new = json!({ "code": self.trust(heir), "name": "Trust", "type": "nhs-trust", "parent": self.code(board) });
        self.app.admin().post("/v1/organisations", new).await.expect(201);
        let lasting = self.world.bodies[at].networks.iter().filter(|edge| edge.2 > self.today);
        let networks = lasting.map(|edge| (edge.0, edge.1.max(self.today), edge.2)).collect();
        self.world.bodies.push(Body { networks, ..Body::below(board) });
        self.becomes(at, "rename", &[heir]).await;
    }

    /// The second board takes over the first, and all that is below it, which keeps its network.
    async fn boards_merge(&mut self) {
        let on = self.today;
        let act = json!({ "kind": "merge", "effectiveOn": day(on), "to": [{ "code": self.code("B") }] });
        self.app.admin().post(&format!("/v1/organisations/{}/successions", self.code("A")), act).await.expect(201);
        for body in &mut self.world.bodies {
            let below = body.boards.iter_mut().filter(|edge| edge.0 == "A" && edge.2 == NEVER);
            let moved = below.map(|edge| edge.2 = on).count() > 0;
            body.boards.extend(moved.then_some(("B", on, NEVER)));
            body.networks.extend(moved.then_some(("N", on, NEVER)));
        }
        self.world.boards_merged = true;
        self.act("boards merged");
    }

    /// Something becomes of an organisation, if that can be.
    async fn changes(&mut self, draw: &mut Draw) {
        self.today += 1 + draw.below(12);
        let living: Vec<usize> =
            (0..self.world.bodies.len()).filter(|at| self.world.bodies[*at].ended.is_none()).collect();
        let at = draw.of(&living);
        let can_follow = |other: &usize| *other != at && !self.world.led_to(*other, at);
        let others: Vec<usize> = living.iter().copied().filter(can_follow).collect();
        let body = self.world.bodies[at].clone();
        let is_in_network = body.networks.iter().any(|edge| edge.2 > self.today);
        let is_past = self.world.bodies.iter().all(|body| body.networks.iter().all(|edge| edge.2 <= self.today));
        match draw.below(8) {
            0 | 1 if !self.world.boards_merged => {
                let gap = if body.networks.is_empty() { draw.of(&[0, 0, 9]) } else { 0 };
                self.moves_board(at, gap).await;
            }
            2 if !is_in_network && !body.has_gap => self.joins_network(at, 1 + draw.below(60)).await,
            3 if others.len() > 1 => self.becomes(at, "merge", &[draw.of(&others)]).await,
            4 if others.len() > 1 => self.becomes(at, "split", &others[..2]).await,
            5 if !others.is_empty() => self.becomes(at, "transfer", &[draw.of(&others)]).await,
            6 => self.is_renamed(at).await,
            7 if is_past && !self.world.boards_merged => self.boards_merge().await,
            _ => {}
        }
    }

    async fn happens(&mut self, draw: &mut Draw) {
        if draw.below(8) == 0 {
            return self.changes(draw).await;
        }
        let month = draw.below(MONTHS);
        let begins = days_of(month).0;
        let there: Vec<usize> = (0..self.world.bodies.len()).filter(|at| self.world.lives(*at, begins)).collect();
        let at = draw.of(&there);
        match draw.below(10) {
            0..4 => self.counts(at, month, draw).await,
            4..6 => self.waits(at, month, draw).await,
            6..8 => self.shares(at, month, draw).await,
            _ => {
                let sent: Vec<(usize, i64)> = self
                    .world
                    .shares
                    .keys()
                    .copied()
                    .filter(|(at, month)| self.world.lives(*at, days_of(*month).0))
                    .collect();
                if !sent.is_empty() {
                    let (at, month) = draw.of(&sent);
                    self.returns(at, month, draw.of(&["approved", "approved", "withdrawn"])).await;
                }
            }
        }
    }

    /// What the register says of a KPI at a place.
    async fn told(&self, kpi: &str, place: &str, geography: Option<&str>) -> BTreeMap<String, Total> {
        let map = geography.map_or_else(String::new, |word| format!("&geography={word}"));
        let target = format!("/v1/kpis/{}/totals?place={}{map}", self.kpi(kpi), self.code(place));
        let answer = self.app.admin().get(&target).await.expect(200);
        let points = answer["points"].as_array().unwrap().iter();
        points.filter_map(|point| Some((point["period"].as_str()?.to_owned(), read(kpi, point)?))).collect()
    }

    /// Every month of every place, on both maps.
    async fn is_counted(&self) {
        for (place, geography) in self.world.everywhere() {
            for kpi in ["counts", "shares", "waits"] {
                let mut told = self.told(kpi, &place, Some(geography)).await;
                let mut expected = self.world.recount(kpi, &place, geography);
                // A month of which nothing counts may be told as one that is missing.
                for all in [&mut told, &mut expected] {
                    all.retain(|_, total| kpi == "counts" || total.of > 0);
                }
                assert_eq!(told, expected, "{} {kpi} {place} {geography} {:?}", self.prefix, self.world);
            }
        }
    }

    /// Asks for the region's total of counts to be kept, as a large one asks for itself.
    fn keeps_total(&self) {
        self.app.sql(&format!(
            "INSERT INTO kpi_total_summaries (kpi_number, innovation_id, breakdown, place_id, map_on, position, made_at, claimed_at, wanted_on)
             SELECT k.number, s.innovation_id, '', o.id, '2026-06-15', 0, '1970-01-01 00:00:00', '1970-01-01 00:00:00', '2026-06-15'
             FROM kpis k JOIN series s ON s.kpi_id = k.id JOIN organisations o ON o.code = '{}' WHERE k.code = '{}' ORDER BY s.id LIMIT 1",
            self.code("B"),
            self.kpi("counts"),
        ));
    }

    /// The total that is kept is brought up to date, and says what the recount says.
    async fn is_kept(&self) {
        self.app.advance(chrono::TimeDelta::seconds(20));
        let expected = self.world.recount("counts", "B", "current");
        let is_kept = || self.app.count("kpi_total_summaries WHERE document IS NOT NULL") == 1;
        let caught_up = async || is_kept() && self.told("counts", "B", None).await == expected;
        eventually("what is kept equals the recount", Duration::from_secs(30), caught_up).await;
    }
}

#[rstest]
#[actix_web::test]
async fn totals_are_what_a_recount_from_the_acts_finds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let histories = std::env::var("TOTALS_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES);
    let mut acts = BTreeMap::new();
    for number in 1..=histories {
        let mut draw = Draw::of_history(number);
        let bodies = (0..6).map(|_| Body::below(draw.of(&["A", "B"]))).collect();
        let world = World { bodies, ..World::default() };
        let mut history = History { app: &app, prefix: format!("H{number:04}"), world, acts: &mut acts, today: 10 };
        history.begins().await;
        for _ in 0..ACTS {
            history.happens(&mut draw).await;
        }
        history.is_counted().await;
        if number == 1 {
            history.keeps_total();
            history.is_kept().await;
        }
        for _ in 0..ACTS / 2 {
            history.happens(&mut draw).await;
        }
        if number == 1 {
            history.is_kept().await;
        }
        history.is_counted().await;
    }
    assert!(histories < HISTORIES || acts.len() >= 16, "too few kinds of acts: {acts:?}");
    println!("{acts:?}");
}
