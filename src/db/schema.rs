//! The tables, as both engines have them; a test holds this file and the two migrations together.

diesel::table! {
    schema_info (id) {
        id -> Integer,
        min_app_generation -> Integer,
        epoch -> Binary,
    }
}

diesel::table! {
    schema_checksums (version) {
        version -> Text,
        checksum -> Binary,
    }
}

diesel::table! {
    organisations (id) {
        id -> Binary,
        code -> Text,
        ods_code -> Nullable<Text>,
        name -> Text,
        sort_name -> Text,
        kind -> Text,
        status -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        postcode -> Nullable<Text>,
        identifiers -> Text,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    organisation_edges (id) {
        id -> Binary,
        kind -> Text,
        parent_id -> Binary,
        child_id -> Binary,
        from_on -> Date,
        to_on -> Date,
        illustrative -> Bool,
        created_at -> Timestamp,
        version -> Integer,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    organisation_closure (ancestor_id, descendant_id, from_on) {
        descendant_id -> Binary,
        ancestor_id -> Binary,
        from_on -> Date,
        to_on -> Date,
        held -> Bool,
        illustrative -> Bool,
    }
}

diesel::table! {
    organisation_successions (id) {
        id -> Binary,
        from_id -> Binary,
        kind -> Text,
        effective_on -> Date,
        created_at -> Timestamp,
        source -> Nullable<Text>,
        illustrative -> Bool,
        taken_over -> Bool,
        effects_kept -> Bool,
        version -> Integer,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    organisation_successors (succession_id, to_id) {
        succession_id -> Binary,
        to_id -> Binary,
        legal -> Bool,
        share_ppm -> Nullable<BigInt>,
        share_basis -> Nullable<Text>,
        share_source -> Nullable<Text>,
        share_on -> Nullable<Date>,
    }
}

diesel::table! {
    succession_effects (id) {
        id -> Binary,
        succession_id -> Binary,
        kind -> Text,
        record_id -> Binary,
        was_on -> Nullable<Date>,
        added -> Nullable<Text>,
    }
}

diesel::table! {
    innovations (id) {
        id -> Binary,
        slug -> Text,
        reference -> Text,
        name -> Text,
        sort_name -> Text,
        summary -> Text,
        description -> Nullable<Text>,
        main_category -> Text,
        categories -> Text,
        areas -> Text,
        care_settings -> Text,
        shifts -> Text,
        priorities -> Text,
        evidence -> Text,
        standards_met -> Text,
        stage -> Text,
        owner_id -> Nullable<Binary>,
        eligible_value -> Nullable<BigInt>,
        eligible_qualifier -> Nullable<Text>,
        eligible_basis -> Nullable<Text>,
        nis_unique_id -> Nullable<Text>,
        website -> Nullable<Text>,
        illustrative -> Bool,
        archived_at -> Nullable<Timestamp>,
        search_text -> Text,
        created_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        keeper -> Nullable<Text>,
        keeper_subject -> Nullable<Text>,
        draft -> Bool,
        adopting_units -> Text,
    }
}

diesel::table! {
    innovation_tags (innovation_id, list, word) {
        list -> Text,
        word -> Text,
        innovation_id -> Binary,
    }
}

diesel::table! {
    programme_memberships (id) {
        id -> Binary,
        innovation_id -> Binary,
        programme -> Text,
        from_on -> Date,
        to_on -> Date,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        state -> Text,
        proposed_by -> Text,
    }
}

diesel::table! {
    reference_counters (prefix, year) {
        prefix -> Text,
        year -> Integer,
        last_number -> BigInt,
    }
}

diesel::table! {
    transitions (id) {
        id -> Binary,
        resource -> Text,
        resource_id -> Binary,
        from_state -> Text,
        to_state -> Text,
        reason -> Nullable<Text>,
        effective_on -> Date,
        made_by -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    kpis (id) {
        id -> Binary,
        code -> Text,
        name -> Text,
        sort_name -> Text,
        definition -> Text,
        level -> Text,
        unit -> Text,
        period_type -> Text,
        value_type -> Text,
        decimals -> Integer,
        multiplier -> BigInt,
        improvement_direction -> Text,
        aggregation -> Text,
        breakdowns -> Text,
        min_value -> Nullable<BigInt>,
        max_value -> Nullable<BigInt>,
        programme -> Nullable<Text>,
        successor_of -> Nullable<Text>,
        due_days -> Nullable<Integer>,
        lock_days -> Nullable<Integer>,
        open_future_periods -> Integer,
        approval_required -> Bool,
        disclosure_control -> Bool,
        conflict_rule -> Text,
        status -> Text,
        definition_version -> Integer,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        complete_at_ppm -> Nullable<Integer>,
        shape -> Text,
        number -> Integer,
        may_exceed -> Bool,
        agreed_by -> Nullable<Text>,
        agreed_on -> Nullable<Date>,
        superseded_by -> Nullable<Text>,
        validation_rules -> Text,
    }
}

diesel::table! {
    kpi_versions (kpi_id, number) {
        kpi_id -> Binary,
        number -> Integer,
        document -> Text,
        made_by -> Text,
        made_at -> Timestamp,
        change_note -> Nullable<Text>,
    }
}

diesel::table! {
    kpi_targets (id) {
        id -> Binary,
        kpi_id -> Binary,
        organisation_id -> Nullable<Binary>,
        from_on -> Date,
        to_on -> Date,
        value -> BigInt,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        kind -> Text,
    }
}

diesel::table! {
    kpi_sets (id) {
        id -> Binary,
        code -> Text,
        name -> Text,
        sort_name -> Text,
        programme -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        refreshes -> Nullable<Integer>,
        final_after_days -> Nullable<Integer>,
    }
}

diesel::table! {
    kpi_releases (id) {
        id -> Binary,
        set_id -> Binary,
        period_type -> Text,
        from_start -> Date,
        period_start -> Date,
        scope -> Text,
        number -> Integer,
        status -> Text,
        revision_of -> Nullable<Binary>,
        reason -> Nullable<Text>,
        published_on -> Date,
        position -> BigInt,
        figure_count -> Integer,
        value_count -> Integer,
        illustrative -> Bool,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    kpi_release_places (release_id, place_id) {
        release_id -> Binary,
        place_id -> Binary,
        number -> Integer,
        geography -> Text,
    }
}

diesel::table! {
    kpi_release_kpis (release_id, kpi_id) {
        release_id -> Binary,
        kpi_id -> Binary,
        kpi_version -> Integer,
        aggregation -> Text,
        disclosure_control -> Bool,
    }
}

diesel::table! {
    kpi_release_figures (release_id, period_start, number) {
        release_id -> Binary,
        period_start -> Date,
        number -> Integer,
        kpi_id -> Binary,
        place_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        exact -> Text,
        published -> Text,
        organisations -> Integer,
        apportioned -> Bool,
        illustrative -> Bool,
    }
}

diesel::table! {
    kpi_release_values (release_id, period_start, series_id) {
        release_id -> Binary,
        period_start -> Date,
        series_id -> BigInt,
        kpi_id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        value -> BigInt,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        qualifier -> Text,
        basis -> Text,
        version -> Integer,
        kpi_version -> Integer,
        illustrative -> Bool,
    }
}

diesel::table! {
    kpi_set_kpis (set_id, kpi_id) {
        set_id -> Binary,
        kpi_id -> Binary,
    }
}

diesel::table! {
    kpi_set_assignments (set_id, number) {
        set_id -> Binary,
        number -> Integer,
        place_id -> Binary,
        organisation_types -> Text,
        from_on -> Date,
        to_on -> Date,
    }
}

diesel::table! {
    series (id) {
        id -> BigInt,
        kpi_id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        illustrative -> Bool,
        kpi_number -> Integer,
    }
}

diesel::table! {
    kpi_values (kpi_number, series_id, period_start) {
        kpi_number -> Integer,
        series_id -> BigInt,
        period_start -> Date,
        value -> BigInt,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        qualifier -> Text,
        basis -> Text,
        comment -> Nullable<Text>,
        version -> Integer,
        kpi_version -> Integer,
        submission_id -> Binary,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    kpi_total_summaries (kpi_number, innovation_id, breakdown, place_id) {
        kpi_number -> Integer,
        innovation_id -> Binary,
        breakdown -> Text,
        place_id -> Binary,
        map_on -> Date,
        position -> BigInt,
        document -> Nullable<Text>,
        made_at -> Timestamp,
        claimed_at -> Timestamp,
        wanted_on -> Date,
    }
}

diesel::table! {
    kpi_value_flags (id) {
        id -> Binary,
        series_id -> BigInt,
        period_start -> Date,
        kpi_id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        code -> Text,
        detail -> Text,
        status -> Text,
        justification -> Nullable<Text>,
        justified_by -> Nullable<Text>,
        submission_id -> Binary,
        version -> Integer,
        raised_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    kpi_value_revisions (series_id, period_start, version) {
        series_id -> BigInt,
        period_start -> Date,
        version -> Integer,
        value -> BigInt,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        qualifier -> Text,
        basis -> Text,
        comment -> Nullable<Text>,
        kpi_version -> Integer,
        submission_id -> Binary,
        updated_at -> Timestamp,
        replaced_by -> Binary,
        replaced_at -> Timestamp,
    }
}

diesel::table! {
    kpi_submissions (id) {
        id -> Binary,
        kpi_code -> Nullable<Text>,
        state -> Text,
        dry_run -> Bool,
        mode -> Text,
        strategy -> Text,
        received -> BigInt,
        created -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        deleted -> BigInt,
        rejected -> BigInt,
        organisation_id -> Nullable<Binary>,
        submitted_by -> Text,
        submitted_at -> Timestamp,
        unfinished -> Bool,
        forced_reason -> Nullable<Text>,
    }
}

diesel::table! {
    kpi_returns (id) {
        id -> Binary,
        set_id -> Binary,
        kpi_id -> Binary,
        organisation_id -> Binary,
        period_type -> Text,
        period_start -> Date,
        state -> Text,
        submission_id -> Binary,
        received_at -> Nullable<Timestamp>,
        submitted_at -> Nullable<Timestamp>,
        submitted_by -> Nullable<Text>,
        approved_by -> Nullable<Text>,
        approved_on -> Nullable<Date>,
        accepted_by -> Nullable<Text>,
        accepted_on -> Nullable<Date>,
        changes_since_approval -> Integer,
        reminder -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    kpi_value_drafts (kpi_number, series_id, period_start) {
        kpi_number -> Integer,
        series_id -> BigInt,
        period_start -> Date,
        value -> BigInt,
        numerator -> Nullable<BigInt>,
        denominator -> Nullable<BigInt>,
        qualifier -> Text,
        basis -> Text,
        comment -> Nullable<Text>,
        version -> Integer,
        kpi_version -> Integer,
        submission_id -> Binary,
        updated_at -> Timestamp,
        return_id -> Binary,
        deleted -> Bool,
    }
}

diesel::table! {
    lock_exceptions (id) {
        id -> Binary,
        set_id -> Binary,
        kpi_id -> Binary,
        organisation_id -> Binary,
        from_on -> Date,
        to_on -> Date,
        until_at -> Timestamp,
        reason -> Text,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    kpi_submission_rows (submission_id, line) {
        submission_id -> Binary,
        line -> BigInt,
        outcome -> Text,
        document -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    reporting_exceptions (id) {
        id -> Binary,
        kpi_id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        kind -> Text,
        from_on -> Date,
        to_on -> Date,
        reason -> Text,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    annotations (id) {
        id -> Binary,
        kpi_id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        period_start -> Date,
        text -> Text,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    spc_acts (id) {
        id -> Binary,
        kind -> Text,
        kpi_id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        breakdown -> Text,
        period_start -> Date,
        baseline_points -> Nullable<Integer>,
        reason -> Text,
        made_by -> Text,
        archived_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        state -> Text,
        recalculation_kind -> Nullable<Text>,
        evidence -> Nullable<Text>,
    }
}

diesel::table! {
    grants (id) {
        id -> Binary,
        subject -> Text,
        role -> Text,
        organisation_id -> Nullable<Binary>,
        programme -> Nullable<Text>,
        innovation_id -> Nullable<Binary>,
        from_at -> Timestamp,
        to_at -> Timestamp,
        made_by -> Text,
        created_at -> Timestamp,
        body_id -> Nullable<Binary>,
        revoked_at -> Nullable<Timestamp>,
        revoked_by -> Nullable<Text>,
        version -> Integer,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    clients (id) {
        id -> Binary,
        name -> Text,
        sort_name -> Text,
        organisation_id -> Binary,
        jwks_url -> Nullable<Text>,
        state -> Text,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    client_keys (id) {
        id -> Binary,
        client_id -> Binary,
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        retired_at -> Nullable<Timestamp>,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    client_secrets (id) {
        id -> Binary,
        client_id -> Binary,
        secret_hash -> Text,
        to_at -> Timestamp,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    used_assertions (client_id, jti_digest) {
        client_id -> Binary,
        jti_digest -> Binary,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    grant_generation (id) {
        id -> Integer,
        generation -> BigInt,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        private_sealed -> Binary,
        created_at -> Timestamp,
        signs_from -> Timestamp,
        verifies_until -> Timestamp,
    }
}

diesel::table! {
    events (id) {
        id -> Binary,
        position -> Nullable<BigInt>,
        occurred_at -> Timestamp,
        subject -> Text,
        end_user_organisation -> Nullable<Text>,
        operation -> Text,
        resource -> Text,
        resource_key -> Text,
        resource_version -> Integer,
        organisation_id -> Nullable<Binary>,
        innovation_id -> Nullable<Binary>,
        programme -> Nullable<Text>,
        request_id -> Text,
        data -> Text,
        hash -> Nullable<Binary>,
        rule -> Nullable<Integer>,
        subject_id -> Nullable<BigInt>,
        salt -> Nullable<Binary>,
        digest -> Nullable<Binary>,
        owner -> Nullable<Text>,
        owner_id -> Nullable<BigInt>,
        other_organisation_id -> Nullable<Binary>,
        other_programme -> Nullable<Text>,
        erased_by -> Nullable<Binary>,
    }
}

diesel::table! {
    feed_scopes (digest) {
        digest -> Binary,
        content -> Text,
        used_at -> Timestamp,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Binary,
        name -> Text,
        sort_name -> Text,
        url -> Text,
        resources -> Text,
        state -> Text,
        made_by -> Text,
        after_cursor -> Text,
        position -> BigInt,
        secret_sealed -> Binary,
        former_sealed -> Nullable<Binary>,
        former_until -> Nullable<Timestamp>,
        attempts -> Integer,
        failing_since -> Nullable<Timestamp>,
        next_attempt_at -> Timestamp,
        lease -> BigInt,
        lease_until -> Timestamp,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Binary,
        webhook_id -> Binary,
        message -> Text,
        position -> BigInt,
        after_cursor -> Text,
        resource -> Nullable<Text>,
        record_key -> Nullable<Text>,
        change -> Text,
        outcome -> Text,
        attempts -> Integer,
        status -> Nullable<Integer>,
        problem -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    subjects (id) {
        id -> BigInt,
        subject -> Nullable<Text>,
        salt -> Nullable<Binary>,
        digest -> Binary,
        erased_by -> Nullable<Binary>,
    }
}

diesel::table! {
    audit_checkpoints (position) {
        position -> BigInt,
        hash -> Binary,
        made_at -> Timestamp,
        kid -> Text,
        signature -> Text,
    }
}

diesel::table! {
    audit_checkpoint_keys (kid) {
        kid -> Text,
        public_jwk -> Text,
        voucher -> Binary,
    }
}

diesel::table! {
    erasures (id) {
        id -> Binary,
        person_id -> Binary,
        ground -> Text,
        texts -> Text,
        made_by -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    sealed_records (id) {
        id -> Binary,
        person_id -> Binary,
        resource -> Text,
        record_id -> Binary,
        ground -> Text,
        until_on -> Date,
        document -> Text,
        sealed_at -> Timestamp,
    }
}

diesel::table! {
    person_requests (id) {
        id -> Binary,
        person_id -> Binary,
        kind -> Text,
        received_on -> Date,
        due_on -> Date,
        decision -> Nullable<Text>,
        decided_on -> Nullable<Date>,
        ground -> Nullable<Text>,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    idempotency_keys (caller, operation, idempotency_key) {
        caller -> Text,
        operation -> Text,
        idempotency_key -> Text,
        request_hash -> Binary,
        authority -> Text,
        lease_until -> Timestamp,
        expires_at -> Timestamp,
        status -> Nullable<Integer>,
        headers -> Nullable<Text>,
        body -> Nullable<Binary>,
        claim_id -> Nullable<Binary>,
        instance -> Nullable<Integer>,
    }
}

diesel::table! {
    jobs (id) {
        id -> Binary,
        kind -> Text,
        state -> Text,
        made_by -> Text,
        end_user_id -> Nullable<Binary>,
        request_id -> Text,
        target -> Text,
        accept -> Text,
        content_type -> Text,
        done -> BigInt,
        total -> Nullable<BigInt>,
        result -> Nullable<Text>,
        answer_type -> Nullable<Text>,
        answer_bytes -> BigInt,
        lease -> BigInt,
        lease_until -> Timestamp,
        instance -> Integer,
        attempts -> Integer,
        version -> Integer,
        created_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        expires_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    job_parts (job_id, is_answer, number) {
        job_id -> Binary,
        is_answer -> Bool,
        number -> Integer,
        bytes -> Binary,
    }
}

diesel::table! {
    storage_shares (client, day) {
        client -> Text,
        day -> Date,
        bytes -> BigInt,
    }
}

diesel::table! {
    programmes (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        sort_name -> Text,
        kind -> Text,
        summary -> Text,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        website -> Nullable<Text>,
        illustrative -> Bool,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        attribution_months -> Integer,
    }
}

diesel::table! {
    programme_partners (id) {
        id -> Binary,
        programme -> Text,
        organisation_id -> Binary,
        role -> Text,
        from_on -> Date,
        to_on -> Date,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        state -> Text,
    }
}

diesel::table! {
    cohorts (id) {
        id -> Binary,
        programme -> Text,
        number -> Integer,
        name -> Text,
        target_size -> Nullable<Integer>,
        opens_at -> Nullable<Timestamp>,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    calls (id) {
        id -> Binary,
        programme -> Text,
        cohort_id -> Nullable<Binary>,
        title -> Text,
        sort_title -> Text,
        opens_at -> Timestamp,
        closes_at -> Timestamp,
        zone -> Text,
        priorities -> Text,
        criteria -> Text,
        form_version -> Integer,
        offer_days -> Integer,
        created_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    call_forms (call_id, number) {
        call_id -> Binary,
        number -> Integer,
        document -> Text,
        made_by -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    applications (id) {
        id -> Binary,
        reference -> Text,
        call_id -> Binary,
        programme -> Text,
        applicant -> Text,
        organisation_id -> Nullable<Binary>,
        innovation_id -> Nullable<Binary>,
        title -> Text,
        sort_title -> Text,
        state -> Text,
        priorities -> Text,
        form_version -> Integer,
        data_version -> Integer,
        submitted_at -> Nullable<Timestamp>,
        offer_expires_at -> Nullable<Timestamp>,
        score_ppm -> BigInt,
        reviews_submitted -> Integer,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    application_versions (application_id, number) {
        application_id -> Binary,
        number -> Integer,
        form_version -> Integer,
        document -> Text,
        made_by -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    reviews (id) {
        id -> Binary,
        application_id -> Binary,
        reviewer -> Text,
        state -> Text,
        conflict -> Nullable<Text>,
        scores -> Text,
        score_ppm -> Nullable<BigInt>,
        recommendation -> Nullable<Text>,
        comment -> Nullable<Text>,
        submitted_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    people (id) {
        id -> Binary,
        name -> Text,
        sort_name -> Text,
        email -> Nullable<Text>,
        subject -> Nullable<Text>,
        consented_at -> Nullable<Timestamp>,
        erased_at -> Nullable<Timestamp>,
        illustrative -> Bool,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    fellows (id) {
        id -> Binary,
        person_id -> Binary,
        profession -> Nullable<Text>,
        biography -> Nullable<Text>,
        website -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        keeper -> Nullable<Text>,
    }
}

diesel::table! {
    fellowships (id) {
        id -> Binary,
        fellow_id -> Binary,
        programme -> Text,
        cohort_id -> Binary,
        application_id -> Nullable<Binary>,
        host_id -> Nullable<Binary>,
        industry_partner_id -> Nullable<Binary>,
        whole_time_equivalent_ppm -> BigInt,
        from_on -> Date,
        to_on -> Date,
        state -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    fellowship_innovations (id) {
        id -> Binary,
        fellowship_id -> Binary,
        innovation_id -> Binary,
        state -> Text,
    }
}

diesel::table! {
    mentorships (id) {
        id -> Binary,
        mentor_id -> Binary,
        fellowship_id -> Binary,
        programme -> Text,
        focus -> Text,
        from_on -> Date,
        to_on -> Date,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    learning_events (id) {
        id -> Binary,
        programme -> Text,
        title -> Text,
        sort_title -> Text,
        kind -> Text,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
        zone -> Text,
        host_id -> Nullable<Binary>,
        illustrative -> Bool,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    attendances (id) {
        id -> Binary,
        event_id -> Binary,
        person_id -> Binary,
        role -> Text,
        state -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    networks (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        sort_name -> Text,
        purpose -> Text,
        programme -> Nullable<Text>,
        illustrative -> Bool,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    network_memberships (id) {
        id -> Binary,
        network_id -> Binary,
        counted_on -> Date,
        members -> BigInt,
        qualifier -> Text,
        basis -> Text,
        source -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    leaders (id) {
        id -> Binary,
        person_id -> Binary,
        kind -> Text,
        organisation_id -> Nullable<Binary>,
        programme -> Nullable<Text>,
        from_on -> Date,
        to_on -> Date,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    funds (id) {
        id -> Binary,
        code -> Text,
        name -> Text,
        sort_name -> Text,
        programme -> Nullable<Text>,
        currency -> Text,
        illustrative -> Bool,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        from_on -> Nullable<Date>,
        publishing_funder -> Nullable<Text>,
    }
}

diesel::table! {
    fund_balances (fund_id) {
        fund_id -> Binary,
        contributed_minor -> BigInt,
        reallocated_in_minor -> BigInt,
        reallocated_out_minor -> BigInt,
        outstanding_minor -> BigInt,
        disbursed_minor -> BigInt,
        cash_minor -> BigInt,
    }
}

diesel::table! {
    fund_years (fund_id, financial_year) {
        fund_id -> Binary,
        financial_year -> Integer,
        pledged_minor -> BigInt,
        received_unpledged_minor -> BigInt,
        reallocated_minor -> BigInt,
        committed_minor -> BigInt,
    }
}

diesel::table! {
    pledges (id) {
        id -> Binary,
        fund_id -> Binary,
        contributor_id -> Binary,
        financial_year -> Integer,
        amount_minor -> BigInt,
        paid_minor -> BigInt,
        certainty -> Text,
        nature -> Text,
        announced_on -> Nullable<Date>,
        note -> Nullable<Text>,
        illustrative -> Bool,
        made_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    award_supplements (id) {
        id -> Binary,
        award_id -> Binary,
        amount_minor -> BigInt,
        profile -> Text,
        reason -> Text,
        state -> Text,
        proposed_by -> Text,
        decided_by -> Nullable<Text>,
        decided_on -> Nullable<Date>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    award_reprofilings (id) {
        id -> Binary,
        award_id -> Binary,
        profile_before -> Text,
        profile -> Text,
        reason -> Text,
        made_by -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    contributions (id) {
        id -> Binary,
        fund_id -> Binary,
        contributor_id -> Binary,
        source -> Text,
        amount_minor -> BigInt,
        received_on -> Date,
        note -> Nullable<Text>,
        made_by -> Text,
        created_at -> Timestamp,
        pledge_id -> Nullable<Binary>,
        version -> Integer,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    awards (id) {
        id -> Binary,
        reference -> Text,
        fund_id -> Binary,
        programme -> Nullable<Text>,
        kind -> Text,
        title -> Text,
        sort_title -> Text,
        description -> Text,
        recipient_organisation_id -> Nullable<Binary>,
        recipient_person_id -> Nullable<Binary>,
        innovation_id -> Nullable<Binary>,
        fellowship_id -> Nullable<Binary>,
        amount_minor -> BigInt,
        currency -> Text,
        awarded_on -> Nullable<Date>,
        planned_from -> Date,
        planned_to -> Date,
        state -> Text,
        evaluation_plan -> Nullable<Text>,
        geocode -> Nullable<Text>,
        published -> Bool,
        illustrative -> Bool,
        proposed_by -> Text,
        approved_by -> Nullable<Text>,
        search_text -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    award_balances (award_id) {
        award_id -> Binary,
        committed_minor -> BigInt,
        disbursed_minor -> BigInt,
        returned_minor -> BigInt,
        released_minor -> BigInt,
        written_off_minor -> BigInt,
        outstanding_minor -> BigInt,
    }
}

diesel::table! {
    award_profiles (award_id, financial_year) {
        award_id -> Binary,
        financial_year -> Integer,
        amount_minor -> BigInt,
    }
}

diesel::table! {
    gateway_reviews (id) {
        id -> Binary,
        award_id -> Binary,
        title -> Text,
        due_on -> Date,
        state -> Text,
        recommendations -> Text,
        decision -> Nullable<Text>,
        reason -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    award_milestones (id) {
        id -> Binary,
        award_id -> Binary,
        gateway_review_id -> Nullable<Binary>,
        title -> Text,
        due_on -> Date,
        state -> Text,
        met_on -> Nullable<Date>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    reallocations (id) {
        id -> Binary,
        from_fund_id -> Binary,
        to_fund_id -> Binary,
        award_id -> Nullable<Binary>,
        amount_minor -> BigInt,
        reason -> Text,
        made_by -> Text,
        made_on -> Date,
        created_at -> Timestamp,
    }
}

diesel::table! {
    fund_transactions (id) {
        id -> Binary,
        fund_id -> Binary,
        award_id -> Nullable<Binary>,
        reallocation_id -> Nullable<Binary>,
        kind -> Text,
        amount_minor -> BigInt,
        posted_on -> Date,
        note -> Nullable<Text>,
        made_by -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    external_investments (id) {
        id -> Binary,
        innovation_id -> Nullable<Binary>,
        fellow_id -> Nullable<Binary>,
        programme -> Nullable<Text>,
        investor -> Text,
        sort_investor -> Text,
        kind -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        qualifier -> Text,
        basis -> Text,
        invested_on -> Date,
        source -> Nullable<Text>,
        illustrative -> Bool,
        archived_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        sector -> Nullable<Text>,
    }
}

diesel::table! {
    eligibility (id) {
        id -> Binary,
        innovation_id -> Binary,
        indication -> Text,
        organisation_id -> Nullable<Binary>,
        place_id -> Nullable<Binary>,
        kind -> Nullable<Text>,
        eligible -> Bool,
        from_on -> Date,
        to_on -> Date,
        source -> Nullable<Text>,
        illustrative -> Bool,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    populations (id) {
        id -> Binary,
        organisation_id -> Binary,
        innovation_id -> Binary,
        indication -> Text,
        kind -> Text,
        counted_on -> Date,
        population_group -> Text,
        edition -> Text,
        value -> BigInt,
        qualifier -> Text,
        basis -> Text,
        source -> Text,
        illustrative -> Bool,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    adoptions (id) {
        id -> Binary,
        innovation_id -> Binary,
        organisation_id -> Binary,
        indication -> Text,
        stage -> Text,
        decided_by -> Nullable<Text>,
        evidence -> Nullable<Text>,
        approval -> Text,
        approved_by -> Nullable<Text>,
        approved_on -> Nullable<Date>,
        illustrative -> Bool,
        archived_at -> Nullable<Timestamp>,
        archived_by -> Nullable<Text>,
        archived_why -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    adoption_moves (id) {
        id -> Binary,
        adoption_id -> Binary,
        effective_on -> Date,
        rank -> Integer,
        to_stage -> Text,
        reason -> Nullable<Text>,
        made_by -> Text,
        made_at -> Timestamp,
        withdrawn_by -> Nullable<Text>,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_why -> Nullable<Text>,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    adoption_spells (adoption_id, from_on) {
        adoption_id -> Binary,
        from_on -> Date,
        to_on -> Date,
        stage -> Text,
        innovation_id -> Binary,
        organisation_id -> Binary,
        indication -> Text,
    }
}

diesel::table! {
    adoption_counts (id) {
        id -> Binary,
        adoption_id -> Binary,
        counted_on -> Date,
        sites -> Nullable<BigInt>,
        sites_qualifier -> Nullable<Text>,
        sites_basis -> Nullable<Text>,
        users -> Nullable<BigInt>,
        users_qualifier -> Nullable<Text>,
        users_basis -> Nullable<Text>,
        patients -> Nullable<BigInt>,
        patients_qualifier -> Nullable<Text>,
        patients_basis -> Nullable<Text>,
        made_by -> Text,
        made_at -> Timestamp,
        withdrawn_by -> Nullable<Text>,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_why -> Nullable<Text>,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    adoption_confirmations (adoption_id, confirmed_on) {
        adoption_id -> Binary,
        confirmed_on -> Date,
    }
}

diesel::table! {
    adoption_covers (adoption_id, from_on) {
        adoption_id -> Binary,
        covers -> Text,
        from_on -> Date,
        to_on -> Date,
    }
}

diesel::table! {
    adoption_barriers (adoption_id, barrier, from_on) {
        adoption_id -> Binary,
        barrier -> Text,
        from_on -> Date,
        to_on -> Date,
    }
}

diesel::table! {
    benefits (id) {
        id -> Binary,
        innovation_id -> Binary,
        programme -> Nullable<Text>,
        organisation_id -> Nullable<Binary>,
        kind -> Text,
        unit -> Text,
        method -> Text,
        population -> Text,
        baseline -> Nullable<BigInt>,
        claimed -> BigInt,
        qualifier -> Text,
        basis -> Text,
        from_on -> Date,
        to_on -> Date,
        claimed_by -> Text,
        illustrative -> Bool,
        archived_at -> Nullable<Timestamp>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        claimed_from -> Text,
        claimed_by_body -> Nullable<Binary>,
        counted -> Bool,
        replaces -> Nullable<Binary>,
        class -> Nullable<Text>,
        kept_by -> Nullable<Text>,
        costs -> Nullable<Text>,
        recurrence -> Text,
        price_year -> Nullable<Date>,
        monetises -> Nullable<Binary>,
        unit_cost_minor -> Nullable<BigInt>,
        unit_cost_source -> Nullable<Text>,
        present_value -> Nullable<BigInt>,
        present_rate -> Nullable<BigInt>,
        present_year -> Nullable<Date>,
        counts -> Nullable<Text>,
        counted_by -> Nullable<Text>,
        depth -> Nullable<Text>,
        new_in_period -> Bool,
        counted_within -> Nullable<Binary>,
        source -> Nullable<Text>,
        stated_on -> Nullable<Date>,
    }
}

diesel::table! {
    benefit_realisations (id) {
        id -> Binary,
        benefit_id -> Binary,
        year_on -> Date,
        counted_to -> Date,
        figure -> BigInt,
        qualifier -> Text,
        basis -> Text,
        source -> Nullable<Text>,
        illustrative -> Bool,
        confirmed_by -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_reason -> Nullable<Text>,
    }
}

diesel::table! {
    former_authors (resource, record_id, subject, body_id) {
        resource -> Text,
        record_id -> Binary,
        subject -> Text,
        body_id -> Binary,
    }
}

diesel::table! {
    benefit_sides (id) {
        id -> Binary,
        benefit_id -> Binary,
        side -> Text,
        state -> Text,
        decided_by -> Nullable<Text>,
        decided_on -> Nullable<Date>,
    }
}

diesel::joinable!(innovations -> organisations (owner_id));
diesel::joinable!(organisation_successors -> organisation_successions (succession_id));
diesel::joinable!(series -> kpis (kpi_id));
diesel::joinable!(series -> organisations (organisation_id));
diesel::joinable!(kpi_values -> series (series_id));
diesel::joinable!(kpi_value_revisions -> series (series_id));
diesel::joinable!(kpi_value_drafts -> series (series_id));
diesel::joinable!(kpi_targets -> kpis (kpi_id));
diesel::joinable!(grants -> organisations (organisation_id));
diesel::joinable!(grants -> innovations (innovation_id));
diesel::joinable!(clients -> organisations (organisation_id));
diesel::joinable!(spc_acts -> kpis (kpi_id));
diesel::joinable!(spc_acts -> organisations (organisation_id));
diesel::joinable!(kpi_submission_rows -> kpi_submissions (submission_id));
diesel::joinable!(calls -> cohorts (cohort_id));
diesel::joinable!(applications -> organisations (organisation_id));
diesel::joinable!(applications -> innovations (innovation_id));
diesel::joinable!(fellows -> people (person_id));
diesel::joinable!(fellowships -> cohorts (cohort_id));
diesel::joinable!(fellowships -> fellows (fellow_id));
diesel::joinable!(fellowship_innovations -> innovations (innovation_id));
diesel::joinable!(programme_partners -> organisations (organisation_id));
diesel::joinable!(adoptions -> innovations (innovation_id));
diesel::joinable!(adoptions -> organisations (organisation_id));
diesel::joinable!(adoption_spells -> adoptions (adoption_id));
diesel::joinable!(adoption_covers -> adoptions (adoption_id));
diesel::joinable!(adoption_confirmations -> adoptions (adoption_id));
diesel::joinable!(benefits -> innovations (innovation_id));
diesel::joinable!(benefits -> organisations (organisation_id));
diesel::joinable!(benefit_realisations -> benefits (benefit_id));
diesel::joinable!(mentorships -> people (mentor_id));
diesel::joinable!(learning_events -> organisations (host_id));
diesel::joinable!(attendances -> people (person_id));
diesel::joinable!(leaders -> people (person_id));
diesel::joinable!(leaders -> organisations (organisation_id));
diesel::joinable!(awards -> funds (fund_id));
diesel::joinable!(award_balances -> awards (award_id));
diesel::joinable!(award_profiles -> awards (award_id));
diesel::joinable!(awards -> organisations (recipient_organisation_id));
diesel::joinable!(awards -> innovations (innovation_id));
diesel::joinable!(awards -> people (recipient_person_id));
diesel::joinable!(contributions -> funds (fund_id));
diesel::joinable!(pledges -> funds (fund_id));
diesel::joinable!(pledges -> organisations (contributor_id));
diesel::joinable!(award_supplements -> awards (award_id));
diesel::joinable!(award_reprofilings -> awards (award_id));
diesel::joinable!(contributions -> organisations (contributor_id));
diesel::joinable!(external_investments -> innovations (innovation_id));
diesel::joinable!(external_investments -> fellows (fellow_id));
diesel::joinable!(fund_transactions -> awards (award_id));
/// Says that any two of these tables may stand in one query. As `diesel::allow_tables_to_appear_in_same_query!`, but
/// without what that writes for PostgreSQL's ONLY and TABLESAMPLE, which nobody here uses: eight more implementations for
/// each pair, 13,000 in all, which cost the compiler a third of the time of a check.
macro_rules! may_appear_together {
    ($left:ident, $($right:ident),+ $(,)?) => {
        $(
            impl diesel::query_source::TableNotEqual<$left::table> for $right::table {}
            impl diesel::query_source::TableNotEqual<$right::table> for $left::table {}
        )+
        may_appear_together!($($right,)+);
    };
    ($last:ident $(,)?) => {};
}

may_appear_together!(
    clients,
    schema_info,
    organisations,
    organisation_edges,
    organisation_closure,
    organisation_successions,
    organisation_successors,
    succession_effects,
    innovations,
    innovation_tags,
    programme_memberships,
    reference_counters,
    transitions,
    former_authors,
    kpis,
    kpi_versions,
    kpi_targets,
    reporting_exceptions,
    kpi_releases,
    kpi_release_places,
    kpi_release_kpis,
    kpi_release_figures,
    kpi_release_values,
    kpi_sets,
    kpi_set_kpis,
    kpi_set_assignments,
    series,
    kpi_values,
    kpi_total_summaries,
    kpi_value_flags,
    kpi_value_revisions,
    kpi_submissions,
    kpi_submission_rows,
    kpi_returns,
    kpi_value_drafts,
    lock_exceptions,
    annotations,
    spc_acts,
    grants,
    grant_generation,
    signing_keys,
    events,
    subjects,
    audit_checkpoints,
    audit_checkpoint_keys,
    erasures,
    sealed_records,
    person_requests,
    idempotency_keys,
    jobs,
    job_parts,
    storage_shares,
    programmes,
    programme_partners,
    cohorts,
    calls,
    call_forms,
    applications,
    application_versions,
    reviews,
    people,
    fellows,
    fellowships,
    fellowship_innovations,
    mentorships,
    learning_events,
    attendances,
    networks,
    network_memberships,
    leaders,
    funds,
    fund_balances,
    contributions,
    pledges,
    award_supplements,
    award_reprofilings,
    fund_years,
    awards,
    award_balances,
    award_profiles,
    gateway_reviews,
    award_milestones,
    reallocations,
    fund_transactions,
    external_investments,
    adoptions,
    eligibility,
    populations,
    adoption_moves,
    adoption_spells,
    adoption_counts,
    adoption_barriers,
    adoption_confirmations,
    adoption_covers,
    benefits,
    benefit_realisations,
    benefit_sides,
);
