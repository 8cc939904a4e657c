//! Uptake held against a naive count: random histories of organisations, adoptions and eligibility go in through HTTP, and every day of
//! every place is counted again from the acts themselves.

use crate::support::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many histories an engine is given; UPTAKE_HISTORIES=2000 gives as many as a night has time for.
const HISTORIES: u64 = 30;
const LENGTH: i64 = 60;

const WAY: [&str; 7] = ["identified", "engaged", "committed", "piloting", "implementing", "adopted", "sustained"];

/// An organisation as the acts tell of it.
#[derive(Default, Clone)]
struct Body {
    /// Its boards, each with its days.
    boards: Vec<Days>,
    networks: Vec<Days>,
    /// Day, order of entry, stage.
    moves: Vec<(i64, usize, &'static str)>,
    /// The day on which it became another.
    ended: Option<(i64, usize)>,
    /// Rows of eligibility about it alone.
    meant: Vec<(bool, i64, i64)>,
}

impl Body {
    fn board(&self, day: i64) -> &'static str {
        board_on(&self.boards, day)
    }

    fn stage(&self, day: i64) -> Option<&'static str> {
        self.moves.iter().filter(|step| step.0 <= day).max().map(|step| step.2)
    }
}

/// Everything that was done, as it counts.
#[derive(Clone)]
struct World {
    bodies: Vec<Body>,
    /// Rules: all trusts below a place on some days.
    rules: Vec<Days>,
    /// Who took over from whom on which day.
    inherited: Vec<(i64, usize, usize)>,
}

impl World {
    fn places(&self, body: usize, day: i64) -> BTreeSet<&'static str> {
        let body = &self.bodies[body];
        let board = body.board(day);
        let own = body.networks.iter().find(|(_, from, to)| holds((*from, *to), day)).map(|own| own.0);
        // The first network has the first board; an edge of one's own is nearer.
        let network = own.or((board == "A").then_some("N"));
        BTreeSet::from(["Y", board]).into_iter().chain(network).collect()
    }

    /// Where it is told today: a body that became another stands where that stands.
    fn places_today(&self, body: usize) -> BTreeSet<&'static str> {
        match self.bodies[body].ended {
            Some((_, heir)) => self.places_today(heir),
            None => self.places(body, NEVER - 1),
        }
    }

    fn is_eligible(&self, body: usize, day: i64) -> bool {
        let places = self.places(body, day);
        let ruled = self.rules.iter().any(|(place, from, to)| places.contains(place) && holds((*from, *to), day));
        let row = |wanted: bool| {
            self.bodies[body].meant.iter().any(|(meant, from, to)| *meant == wanted && holds((*from, *to), day))
        };
        (ruled || row(true)) && !row(false)
    }

    /// Eligible, adopters, adopters that are not eligible.
    fn count(&self, place: &str, measure: &str, current: bool, day: i64) -> [u64; 3] {
        let least = if measure == "adopted" { 5 } else { 4 };
        let mut counted = [0; 3];
        for (at, body) in self.bodies.iter().enumerate() {
            let lives = body.ended.is_none_or(|(end, _)| day < end);
            let places = if current { self.places_today(at) } else { self.places(at, day) };
            if !lives || !places.contains(place) {
                continue;
            }
            let adopted = body.stage(day).is_some_and(|stage| WAY[least..].contains(&stage));
            match (self.is_eligible(at, day), adopted) {
                (true, true) => (counted[0], counted[1]) = (counted[0] + 1, counted[1] + 1),
                (true, false) => counted[0] += 1,
                (false, true) => counted[2] += 1,
                _ => {}
            }
        }
        counted
    }

    /// All with what successors took over, whenever that became known.
    fn with_inheritances(&self) -> Self {
        let mut world = self.clone();
        world.inherited.sort_unstable();
        for (on, from, heir) in world.inherited.clone() {
            world.take_over(from, heir, on);
        }
        world
    }

    /// What the legal successor takes over of what its predecessor had come to.
    fn take_over(&mut self, from: usize, heir: usize, on: i64) {
        let before = self.bodies[from].clone();
        let body = &mut self.bodies[heir];
        let lasting: Vec<bool> = body.meant.iter().filter(|row| row.2 > on).map(|row| row.0).collect();
        let taken = before.meant.iter().filter(|row| row.2 > on && !lasting.contains(&row.0));
        body.meant.extend(taken.map(|(meant, from, to)| (*meant, (*from).max(on), *to)).collect::<Vec<_>>());
        let rank = |stage: Option<&str>| WAY.iter().position(|known| Some(*known) == stage);
        let (had, own) = (rank(before.stage(on - 1)), rank(body.stage(on)));
        if let Some(had) = had.filter(|had| own.is_none_or(|own| own < *had)) {
            body.moves.push((on, body.moves.len(), WAY[had]));
        }
    }
}

/// One history: its own codes, what was done, and how often each kind of act was.
struct History<'a> {
    app: &'a TestApp,
    prefix: String,
    world: World,
    acts: &'a mut BTreeMap<&'static str, usize>,
}

impl History<'_> {
    fn code(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn trust(&self, at: usize) -> String {
        self.code(&format!("T{at}"))
    }

    fn slug(&self) -> String {
        format!("{}-tool", self.prefix.to_ascii_lowercase())
    }

    fn act(&mut self, name: &'static str) {
        *self.acts.entry(name).or_default() += 1;
    }

    async fn organisations(&self) {
        let boards = self.world.bodies.iter().map(|body| body.boards[0].0);
        organisations_of_history(self.app, &self.prefix, boards).await;
        let tool = json!({ "name": "Tool", "slug": self.slug(), "summary": "Does good.", "mainCategory": "digital" });
        self.app.admin().post("/v1/innovations", tool).await.expect(201);
    }

    async fn edge(&self, at: usize, parent: &str, kind: &str, (from, to): (i64, i64)) {
        let mut edge = json!({ "parent": self.code(parent), "kind": kind, "from": day(from) });
        if to != NEVER {
            edge["to"] = json!(day(to));
        }
        self.app.admin().post(&format!("/v1/organisations/{}/edges", self.trust(at)), edge).await.expect(201);
    }

    /// A trust leaves its board, and some days later, or at once, comes below the other.
    async fn moves_board(&mut self, at: usize, left: i64, gap: i64) {
        let target = format!("/v1/organisations/{}/edges", self.trust(at));
        let edges = self.app.admin().get(&target).await.expect(200);
        let id = rows(&edges)[0]["id"].as_str().unwrap().to_owned();
        self.app.admin().patch(&format!("{target}/{id}"), 1, json!({ "to": day(left) })).await.expect(200);
        let other = if self.world.bodies[at].boards[0].0 == "A" { "B" } else { "A" };
        self.edge(at, other, "geographic", (left + gap, NEVER)).await;
        let boards = &mut self.world.bodies[at].boards;
        boards[0].2 = left;
        boards.push((other, left + gap, NEVER));
        self.act("moved");
        if gap > 0 {
            self.act("gap");
        }
    }

    async fn meant(&mut self, body: Value, (from, to): (i64, i64)) {
        let mut row = body;
        if from != EVER {
            row["from"] = json!(day(from));
        }
        if to != NEVER {
            row["to"] = json!(day(to));
        }
        let target = format!("/v1/innovations/{}/eligibility", self.slug());
        self.app.admin().post(&target, row).await.expect(201);
    }

    async fn rule(&mut self, place: &'static str, days: (i64, i64)) {
        self.meant(json!({ "place": self.code(place), "type": "nhs-trust" }), days).await;
        self.world.rules.push((place, days.0, days.1));
    }

    async fn row(&mut self, at: usize, eligible: bool, days: (i64, i64)) {
        self.meant(json!({ "organisation": self.trust(at), "eligible": eligible }), days).await;
        self.world.bodies[at].meant.push((eligible, days.0, days.1));
    }

    /// Enters moves in this order. Returns where the adoption is, and its version.
    async fn adopts(&mut self, at: usize, moves: &[(i64, &'static str)]) -> (String, i64) {
        let ((since, stage), later) = moves.split_first().unwrap();
        let new =
            json!({ "innovation": self.slug(), "organisation": self.trust(at), "stage": stage, "since": day(*since) });
        let made = self.app.admin().post("/v1/adoptions", new).await;
        made.expect(201);
        let target = made.header("location").to_owned();
        for (version, (on, to)) in (1..).zip(later) {
            let step = json!({ "to": to, "effectiveOn": day(*on), "reason": "As agreed." });
            self.app.admin().transition(&target, version, step).await.expect(200);
        }
        let entered = moves.iter().enumerate().map(|(order, (on, stage))| (*on, order, *stage));
        self.world.bodies[at].moves.extend(entered);
        (target, moves.len() as i64)
    }

    /// A spell with a pause and its end, and a second one; a move of it is told late, and the first was none.
    async fn adopts_twice(&mut self, at: usize, draw: &mut Draw) {
        let later = draw.below(3);
        let mut moves = vec![(2 + later, "identified"), (6 + later, "engaged")];
        let (late, same_day) = (draw.mostly(), draw.mostly());
        if !late {
            moves.push((10 + later, "piloting"));
        }
        moves.push((15, "implementing"));
        moves.push((if same_day { 15 } else { 18 }, "adopted"));
        let pause = [(22 + later, "paused"), (27 + later, "adopted")];
        let (paused, paused_late) = (draw.mostly(), draw.below(3) > 0);
        if paused {
            self.act("paused");
        }
        if paused && !paused_late {
            moves.extend(pause);
        }
        moves.push((35 + later, "decommissioned"));
        if draw.mostly() {
            moves.extend([(42 + later, "implementing"), (50, "adopted")]);
            self.act("adopted again");
        }
        if late {
            moves.push((10 + later, "piloting"));
            self.act("told late");
        }
        if same_day {
            self.act("twice on a day");
        }
        let (target, mut version) = self.adopts(at, &moves).await;
        if paused && paused_late {
            let step = |(on, to)| json!({ "to": to, "effectiveOn": day(on), "reason": "As agreed." });
            let mut both = step(pause[0]);
            both["then"] = json!([step(pause[1])]);
            self.app.admin().transition(&target, version, both).await.expect(200);
            version += 1;
            let entered = (moves.len()..).zip(pause).map(|(order, (on, stage))| (on, order, stage));
            self.world.bodies[at].moves.extend(entered);
            self.act("paused late");
        }
        if draw.mostly() {
            let history = self.app.admin().get(&format!("{target}/transitions")).await.expect(200);
            let first = rows(&history)[0]["id"].as_str().unwrap().to_owned();
            let target = format!("{target}/transitions/{first}?reason=It+was+another+trust");
            self.app.admin().delete(&target, version).await.expect(204);
            self.world.bodies[at].moves.retain(|step| step.2 != "identified");
            self.act("first move withdrawn");
        }
    }

    /// Forward alone, before the days on which organisations become others.
    async fn adopts_forward(&mut self, at: usize, draw: &mut Draw) {
        let (first, reached) = (draw.below(5), 3 + draw.below(4) as usize);
        self.adopts(at, &[(first, "identified"), (first + 5 + draw.below(15), WAY[reached])]).await;
    }

    async fn becomes(&mut self, at: usize, kind: &'static str, heirs: &[usize], on: i64) {
        let to: Vec<Value> = heirs
            .iter()
            .enumerate()
            .map(|(number, heir)| json!({ "code": self.trust(*heir), "legal": number == 0 && kind != "transfer" }))
            .collect();
        let act = json!({ "kind": kind, "effectiveOn": day(on), "to": to });
        self.app.admin().post(&format!("/v1/organisations/{}/successions", self.trust(at)), act).await.expect(201);
        self.act(kind);
        if kind != "transfer" {
            self.world.bodies[at].boards.iter_mut().for_each(|edge| edge.2 = edge.2.min(on));
            self.world.bodies[at].ended = Some((on, heirs[0]));
            self.world.inherited.push((on, at, heirs[0]));
        }
    }

    /// The second board takes over the first, and all that is below it, which keeps its network.
    async fn boards_merge(&mut self, on: i64) {
        let act = json!({ "kind": "merge", "effectiveOn": day(on), "to": [{ "code": self.code("B") }] });
        self.app.admin().post(&format!("/v1/organisations/{}/successions", self.code("A")), act).await.expect(201);
        for body in &mut self.world.bodies {
            let below = body.boards.iter_mut().filter(|edge| edge.0 == "A" && edge.2 == NEVER);
            let moved = below.map(|edge| edge.2 = on).count() > 0;
            body.boards.extend(moved.then_some(("B", on, NEVER)));
            body.networks.extend(moved.then_some(("N", on, NEVER)));
        }
        self.act("boards merged");
    }

    async fn happens(&mut self, draw: &mut Draw) {
        self.organisations().await;
        self.rule(draw.of(&["Y", "A"]), (draw.below(20), NEVER)).await;
        let (late, meant) = (draw.below(3) > 0, (draw.below(30), NEVER));
        if !late {
            self.row(0, true, meant).await;
        }
        self.row(3, true, (draw.below(30), 30 + draw.below(30))).await;
        if draw.mostly() {
            self.row(5, false, (draw.below(30), NEVER)).await;
            self.act("taken out");
        }
        let before = if late { [2, 4, 5].as_slice() } else { [0, 2, 4, 5].as_slice() };
        for at in before {
            self.adopts_forward(*at, draw).await;
        }
        if draw.below(2) > 0 {
            self.adopts_forward(1, draw).await;
        }
        self.adopts_twice(3, draw).await;
        for at in [3, 4] {
            if draw.mostly() {
                let (left, gap) = (10 + draw.below(20), draw.below(8));
                self.moves_board(at, left, gap).await;
            }
        }
        if draw.mostly() {
            let days = (draw.below(20), 30 + draw.below(20));
            self.edge(5, "M", "network", days).await;
            self.world.bodies[5].networks.push(("M", days.0, days.1));
            self.act("network across boards");
        }
        if draw.mostly() {
            self.becomes(5, "transfer", &[4], 20 + draw.below(20)).await;
        }
        let on = 31 + draw.below(9);
        // The chain below is of mergers.
        match draw.below(4) {
            0 => self.becomes(0, "merge", &[1], on).await,
            _ => self.becomes(0, "split", &[1, 2], on).await,
        }
        if draw.mostly() {
            self.becomes(1, "merge", &[2], 45 + draw.below(9)).await;
            self.act("chain of two");
        }
        if draw.mostly() {
            self.boards_merge(55 + draw.below(5)).await;
        }
        if late {
            self.adopts_forward(0, draw).await;
            self.row(0, true, meant).await;
            self.act("learnt after the succession");
        }
    }

    /// Every day of every place, by both measures and on both maps.
    async fn is_counted(&self) {
        let world = self.world.with_inheritances();
        for place in ["Y", "A", "B", "N", "M"] {
            for measure in ["adopted", "adopted-or-implementing"] {
                for geography in ["current", "at-time"] {
                    let target = format!(
                        "/v1/innovations/{}/uptake?by=day&from={}&to={}&place={}&measure={measure}&geography={geography}",
                        self.slug(),
                        day(0),
                        day(LENGTH - 1),
                        self.code(place)
                    );
                    let answer = self.app.admin().get(&target).accept("text/csv").await;
                    let mut points = answer.text().lines().skip(1).map(told);
                    for number in 0..LENGTH {
                        let expected = world.count(place, measure, geography == "current", number);
                        let on = day(number);
                        assert_eq!(
                            points.next(),
                            Some((on.to_string(), expected)),
                            "{} {place} {measure} {geography}",
                            self.prefix
                        );
                        assert!(expected[1] <= expected[0], "never above the whole");
                    }
                    assert_eq!(points.next(), None);
                }
            }
        }
    }
}

/// The day of a line, with those eligible, adopters, and adopters that are not eligible.
fn told(line: &str) -> (String, [u64; 3]) {
    let cells: Vec<&str> = line.split(',').collect();
    (cells[4].to_owned(), [5, 6, 8].map(|at| cells[at].parse().unwrap()))
}

#[rstest]
#[actix_web::test]
async fn uptake_is_what_a_count_of_each_day_from_the_acts_finds(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let histories = std::env::var("UPTAKE_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES);
    let mut acts = BTreeMap::new();
    for number in 1..=histories {
        let mut draw = Draw::of_history(number);
        let body = |_| Body { boards: vec![(draw.of(&["A", "B"]), EVER, NEVER)], ..Body::default() };
        let bodies: Vec<Body> = (0..6).map(body).collect();
        let world = World { bodies, rules: Vec::new(), inherited: Vec::new() };
        let mut history = History { app: &app, prefix: format!("H{number:04}"), world, acts: &mut acts };
        history.happens(&mut draw).await;
        history.is_counted().await;
    }
    // Every kind of act is in more than half of the histories.
    let rare: Vec<_> = acts.iter().filter(|(_, count)| (**count as u64) * 2 < histories).collect();
    assert!(histories < HISTORIES || (acts.len() == 16 && rare.is_empty()), "{acts:?}");
}
