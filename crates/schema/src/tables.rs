// The tables as Diesel knows them, in the order of the migrations' columns. `tests/program/schema.rs` holds this file
// against both migrated engines.

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    addresses (id) {
        id -> Key,
        version -> Integer,
        customer_id -> Key,
        kind -> Text,
        is_default -> Bool,
        recipient -> Nullable<Text>,
        phone -> Nullable<Text>,
        line1 -> Text,
        line2 -> Nullable<Text>,
        district -> Nullable<Text>,
        city -> Text,
        province -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        country -> Text,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    clients (id) {
        id -> Key,
        version -> Integer,
        name -> Text,
        name_sort -> Text,
        description -> Nullable<Text>,
        status -> Text,
        scopes -> Document,
        customer_ids -> Nullable<Document>,
        team_id -> Nullable<Key>,
        allowed_networks -> Document,
        token_lifetime -> Integer,
        token_epoch -> Integer,
        secret_digest -> Nullable<Text>,
        secret_set_at -> Nullable<Instant>,
        previous_digest -> Nullable<Text>,
        previous_secret_until -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    contacts (id) {
        id -> Key,
        version -> Integer,
        customer_id -> Key,
        name -> Text,
        name_sort -> Text,
        salutation -> Nullable<Text>,
        title -> Nullable<Text>,
        department -> Nullable<Text>,
        decision_role -> Text,
        is_primary -> Bool,
        mobile -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        wechat -> Nullable<Text>,
        birthday -> Nullable<Date>,
        do_not_contact -> Bool,
        notes -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_defects (customer_id, defect) {
        customer_id -> Key,
        defect -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_duplicates (id) {
        id -> Key,
        customer_id -> Key,
        other_id -> Key,
        score -> Integer,
        matched_keys -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_keys (source_id, kind, value) {
        source_id -> Key,
        kind -> Text,
        value -> Text,
        customer_id -> Key,
        contact_id -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_merges (id) {
        id -> Key,
        customer_id -> Key,
        into_id -> Key,
        before -> Document,
        after -> Document,
        moved -> Document,
        shared -> Document,
        merged_at -> Instant,
        undone_at -> Nullable<Instant>,
        terms -> Nullable<Document>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_pool_moves (id) {
        id -> Key,
        customer_id -> Key,
        user_id -> Key,
        kind -> Text,
        moved_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_pool_warnings (customer_id) {
        customer_id -> Key,
        warned_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_quality (customer_id) {
        customer_id -> Key,
        score -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customer_tags (customer_id, tag) {
        customer_id -> Key,
        tag -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    customers (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        name_sort -> Text,
        short_name -> Nullable<Text>,
        kind -> Text,
        industry -> Nullable<Text>,
        tier -> Text,
        region_id -> Nullable<Key>,
        channel -> Nullable<Text>,
        source -> Nullable<Text>,
        status -> Text,
        block_reason -> Nullable<Text>,
        owner_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        currency -> Text,
        credit_limit -> Nullable<BigInt>,
        payment_days -> Integer,
        payment_terms -> Nullable<Text>,
        country -> Text,
        tax_id -> Nullable<Text>,
        invoice_title -> Nullable<Text>,
        bank_name -> Nullable<Text>,
        bank_account -> Nullable<Text>,
        tags -> Document,
        custom_fields -> Document,
        notes -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
        merged_into_id -> Nullable<Key>,
        confirmed_at -> Instant,
        owned_since -> Nullable<Instant>,
        pooled_at -> Nullable<Instant>,
        former_names -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    record_keys (field, folded, twin) {
        field -> Text,
        folded -> Text,
        twin -> Text,
        record_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    text_forms (id) {
        id -> Integer,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    supplier_keys (supplier_id, kind, value) {
        supplier_id -> Key,
        kind -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    external_ids (record_kind, system, external_id) {
        record_kind -> Text,
        system -> Text,
        external_id -> Text,
        record_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    fills (name) {
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    idempotency_keys (owner, key) {
        owner -> Text,
        key -> Text,
        fingerprint -> Text,
        status -> Integer,
        version -> Nullable<Integer>,
        location -> Nullable<Text>,
        body -> Nullable<Text>,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    installation (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    job_files (job_id, role, n) {
        job_id -> Key,
        role -> Text,
        n -> Integer,
        size -> Integer,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    job_keys (job_id, digest) {
        job_id -> Key,
        digest -> Text,
        line -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    jobs (id) {
        id -> Key,
        version -> Integer,
        kind -> Text,
        resource -> Text,
        status -> Text,
        params -> Document,
        state -> Document,
        total -> Nullable<BigInt>,
        processed -> BigInt,
        succeeded -> BigInt,
        failed -> BigInt,
        result -> Nullable<Document>,
        errors -> Nullable<Document>,
        error -> Nullable<Document>,
        asked_by -> Text,
        client_id -> Nullable<Key>,
        scopes -> Document,
        lang -> Text,
        request_id -> Text,
        chunk -> BigInt,
        failures -> Integer,
        due_at -> Instant,
        lease_owner -> Nullable<Text>,
        leased_until -> Nullable<Instant>,
        sweep_at -> Nullable<Instant>,
        started_at -> Nullable<Instant>,
        finished_at -> Nullable<Instant>,
        expires_at -> Nullable<Instant>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    journal (id) {
        id -> Key,
        event_type -> Text,
        record_kind -> Text,
        record_id -> Key,
        version -> Integer,
        occurred_at -> Instant,
        actor_id -> Nullable<Key>,
        actor_name -> Text,
        client -> Text,
        request_id -> Text,
        reason -> Nullable<Text>,
        changes -> Document,
        owner_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        salt -> Text,
        digest -> Text,
        sequence -> Nullable<BigInt>,
        link -> Nullable<Text>,
        customer_id -> Nullable<Key>,
        title -> Nullable<Text>,
        happened_at -> Instant,
        mac -> Text,
        on_behalf_of -> Nullable<Key>,
        on_behalf_of_name -> Nullable<Text>,
        proofs -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    journal_head (id) {
        id -> Integer,
        sequence -> BigInt,
        link -> Text,
        seal -> Text,
        signed_from -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    number_ranges (prefix, year) {
        prefix -> Text,
        year -> Integer,
        last -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    order_lines (id) {
        id -> Key,
        order_id -> Key,
        position -> Integer,
        product_id -> Key,
        sku -> Text,
        description -> Text,
        quantity -> BigInt,
        unit -> Text,
        unit_price -> BigInt,
        list_price -> Nullable<BigInt>,
        price_source -> Text,
        price_id -> Nullable<Key>,
        discount_rate -> BigInt,
        tax_rate -> BigInt,
        unit_cost -> Nullable<BigInt>,
        promised_date -> Nullable<Date>,
        list -> BigInt,
        discount -> BigInt,
        net -> BigInt,
        tax -> BigInt,
        gross -> BigInt,
        shipped -> BigInt,
        delivered -> BigInt,
        closed -> BigInt,
        first_promised_date -> Nullable<Date>,
        in_return -> BigInt,
        returned -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    order_revision_proposals (id) {
        id -> Key,
        version -> Integer,
        order_id -> Key,
        status -> Text,
        reason -> Text,
        input -> Document,
        figures -> Document,
        worse -> Document,
        revision -> Nullable<Integer>,
        decided_at -> Nullable<Instant>,
        decided_by -> Nullable<Key>,
        decided_reason -> Nullable<Text>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    order_revisions (id) {
        id -> Key,
        order_id -> Key,
        revision -> Integer,
        reason -> Text,
        before -> Document,
        after -> Document,
        changes -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    order_reps (order_id, valid_from) {
        order_id -> Key,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        rep_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    orders (id) {
        id -> Key,
        version -> Integer,
        number -> Text,
        status -> Text,
        on_hold -> Bool,
        hold_kind -> Nullable<Text>,
        hold_reason -> Nullable<Text>,
        fulfilment -> Text,
        customer_id -> Key,
        contact_id -> Nullable<Key>,
        rep_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        region_id -> Nullable<Key>,
        channel -> Nullable<Text>,
        currency -> Text,
        order_date -> Date,
        requested_date -> Nullable<Date>,
        promised_date -> Nullable<Date>,
        first_promised_date -> Nullable<Date>,
        customer_po -> Nullable<Text>,
        payment_days -> Integer,
        payment_terms -> Nullable<Text>,
        delivery_terms -> Nullable<Text>,
        billing_address -> Nullable<Document>,
        shipping_address -> Nullable<Document>,
        notes -> Nullable<Text>,
        custom_fields -> Document,
        list -> BigInt,
        discount -> BigInt,
        net -> BigInt,
        tax -> BigInt,
        gross -> BigInt,
        revision -> Integer,
        line_digest -> Text,
        overrides -> Document,
        submitted_at -> Nullable<Instant>,
        submitted_by -> Nullable<Key>,
        approved_at -> Nullable<Instant>,
        approved_by -> Nullable<Key>,
        approved_gross -> Nullable<BigInt>,
        confirmed_at -> Nullable<Instant>,
        completed_at -> Nullable<Instant>,
        cancelled_at -> Nullable<Instant>,
        cancel_reason -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
        open_exceptions -> Integer,
        blocked -> Bool,
        credited_net -> BigInt,
        credited_tax -> BigInt,
        credited_gross -> BigInt,
        responsible_id -> Nullable<Key>,
        reps -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    price_lists (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        currency -> Text,
        status -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        customer_id -> Nullable<Key>,
        tier -> Nullable<Text>,
        channel -> Nullable<Text>,
        priority -> Integer,
        approved_at -> Nullable<Instant>,
        approved_by -> Nullable<Key>,
        retired_on -> Nullable<Date>,
        notes -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    prices (id) {
        id -> Key,
        version -> Integer,
        price_list_id -> Key,
        product_id -> Key,
        unit -> Text,
        min_quantity -> BigInt,
        unit_price -> BigInt,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    product_categories (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        parent_id -> Nullable<Key>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    products (id) {
        id -> Key,
        version -> Integer,
        sku -> Text,
        name -> Text,
        name_sort -> Text,
        name_en -> Nullable<Text>,
        description -> Nullable<Text>,
        category_id -> Nullable<Key>,
        unit -> Text,
        units -> Document,
        tax_rate -> BigInt,
        cost -> Nullable<BigInt>,
        cost_currency -> Nullable<Text>,
        status -> Text,
        sold_from -> Nullable<Date>,
        sold_to -> Nullable<Date>,
        barcode -> Nullable<Text>,
        custom_fields -> Document,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    regions (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        parent_id -> Nullable<Key>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    revoked_tokens (jti) {
        jti -> Text,
        client_id -> Key,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    search_index (rowid) {
        rowid -> BigInt,
        grams -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    search_rows (row) {
        row -> BigInt,
        record_id -> Key,
        found_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    sessions (id) {
        id -> Key,
        user_id -> Key,
        refresh_digest -> Text,
        previous_digest -> Nullable<Text>,
        rotated_at -> Instant,
        created_at -> Instant,
        expires_at -> Instant,
        ended_at -> Nullable<Instant>,
        peer -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    settings (id) {
        id -> Key,
        version -> Integer,
        company -> Document,
        orders -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
        complaints -> Document,
        relations -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    shares (record_id, grantee_id) {
        record_id -> Key,
        grantee_id -> Key,
        granted_at -> Instant,
        granted_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    shipment_lines (id) {
        id -> Key,
        shipment_id -> Key,
        order_line_id -> Key,
        position -> Integer,
        quantity -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    shipments (id) {
        id -> Key,
        version -> Integer,
        number -> Text,
        order_id -> Key,
        customer_id -> Key,
        status -> Text,
        carrier -> Nullable<Text>,
        tracking_number -> Nullable<Text>,
        shipped_date -> Date,
        delivered_date -> Nullable<Date>,
        received_by -> Nullable<Text>,
        signature_ref -> Nullable<Text>,
        freight_cost -> Nullable<BigInt>,
        freight_currency -> Nullable<Text>,
        shipping_address -> Nullable<Document>,
        notes -> Nullable<Text>,
        void_reason -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    signing_keys (id) {
        id -> Text,
        sealed -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    teams (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        parent_id -> Nullable<Key>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
        name_sort -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    users (id) {
        id -> Key,
        version -> Integer,
        username -> Text,
        name -> Text,
        name_sort -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        title -> Nullable<Text>,
        role -> Text,
        team_id -> Nullable<Key>,
        region_ids -> Document,
        status -> Text,
        lang -> Text,
        password_hash -> Nullable<Text>,
        must_change_password -> Bool,
        last_login_at -> Nullable<Instant>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    webhook_attempts (id) {
        id -> Key,
        delivery_id -> Key,
        number -> Integer,
        at -> Instant,
        duration_ms -> Integer,
        status_code -> Nullable<Integer>,
        error -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    webhook_deliveries (id) {
        id -> Key,
        webhook_id -> Key,
        event_id -> Nullable<Key>,
        event_type -> Text,
        status -> Text,
        attempts -> Integer,
        step -> Integer,
        due_at -> Instant,
        lease -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Instant,
        ended_at -> Nullable<Instant>,
        clear_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    webhook_remains (webhook_id) {
        webhook_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    webhooks (id) {
        id -> Key,
        version -> Integer,
        url -> Text,
        description -> Nullable<Text>,
        event_types -> Document,
        status -> Text,
        disabled_reason -> Nullable<Text>,
        disabled_at -> Nullable<Instant>,
        owner_user_id -> Nullable<Key>,
        owner_client_id -> Nullable<Key>,
        sealed_secret -> Text,
        secret_set_at -> Instant,
        sealed_previous_secret -> Nullable<Text>,
        previous_secret_until -> Nullable<Instant>,
        sequence -> BigInt,
        failing_since -> Nullable<Instant>,
        last_success_at -> Nullable<Instant>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    deadlines (id) {
        id -> Key,
        version -> Integer,
        record_kind -> Text,
        record_id -> Key,
        name -> Text,
        status -> Text,
        started_at -> Instant,
        working_seconds -> Nullable<BigInt>,
        due_at -> Nullable<Instant>,
        pauses -> Document,
        ended_at -> Nullable<Instant>,
        steps -> Document,
        step -> Integer,
        next_at -> Nullable<Instant>,
        calendar_version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    working_calendar (id) {
        id -> Key,
        version -> Integer,
        week -> Document,
        days -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    notifications (id) {
        id -> Key,
        version -> Integer,
        user_id -> Key,
        code -> Text,
        record_kind -> Text,
        record_id -> Key,
        params -> Document,
        read_at -> Nullable<Instant>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    sla_policies (id) {
        id -> Key,
        version -> Integer,
        severity -> Text,
        customer_tier -> Nullable<Text>,
        response_minutes -> Integer,
        resolution_minutes -> Integer,
        remind_minutes -> Integer,
        escalate_minutes -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    complaints (id) {
        id -> Key,
        version -> Integer,
        number -> Text,
        customer_id -> Key,
        contact_id -> Nullable<Key>,
        order_id -> Nullable<Key>,
        order_line_id -> Nullable<Key>,
        product_id -> Nullable<Key>,
        category -> Text,
        severity -> Text,
        status -> Text,
        channel -> Text,
        subject -> Text,
        description -> Nullable<Text>,
        assignee_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        received_at -> Instant,
        acknowledged_at -> Nullable<Instant>,
        resolved_at -> Nullable<Instant>,
        closed_at -> Nullable<Instant>,
        waiting_reason -> Nullable<Text>,
        proposal -> Nullable<Text>,
        root_cause -> Nullable<Text>,
        root_cause_note -> Nullable<Text>,
        resolution -> Nullable<Text>,
        escalation_level -> Integer,
        reopened -> Integer,
        response_seconds -> Nullable<BigInt>,
        resolution_seconds -> Nullable<BigInt>,
        response_missed -> Bool,
        resolution_missed -> Bool,
        satisfaction -> Nullable<Integer>,
        satisfaction_note -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    complaint_notes (id) {
        id -> Key,
        version -> Integer,
        complaint_id -> Key,
        kind -> Text,
        text -> Text,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    complaint_remedies (id) {
        id -> Key,
        version -> Integer,
        complaint_id -> Key,
        kind -> Text,
        status -> Text,
        amount -> BigInt,
        currency -> Text,
        description -> Text,
        lines -> Document,
        decided_at -> Nullable<Instant>,
        decided_by -> Nullable<Key>,
        decided_reason -> Nullable<Text>,
        granted_at -> Nullable<Instant>,
        order_id -> Nullable<Key>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    visit_policies (id) {
        id -> Key,
        version -> Integer,
        cause -> Text,
        customer_tier -> Nullable<Text>,
        days -> Integer,
        subject -> Text,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    tasks (id) {
        id -> Key,
        version -> Integer,
        kind -> Text,
        status -> Text,
        priority -> Text,
        subject -> Text,
        description -> Nullable<Text>,
        customer_id -> Nullable<Key>,
        order_id -> Nullable<Key>,
        complaint_id -> Nullable<Key>,
        assignee_id -> Key,
        team_id -> Nullable<Key>,
        due_date -> Nullable<Date>,
        due_at -> Instant,
        remind_minutes -> Integer,
        escalate_minutes -> Nullable<Integer>,
        recurrence -> Nullable<Document>,
        series_date -> Nullable<Date>,
        occurrence -> Integer,
        next_id -> Nullable<Key>,
        outcome -> Nullable<Text>,
        started_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
        escalated_at -> Nullable<Instant>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    interactions (id) {
        id -> Key,
        version -> Integer,
        kind -> Text,
        direction -> Text,
        happened_at -> Instant,
        customer_id -> Key,
        contact_id -> Nullable<Key>,
        order_id -> Nullable<Key>,
        complaint_id -> Nullable<Key>,
        task_id -> Nullable<Key>,
        user_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        summary -> Text,
        next_step -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    feedback (id) {
        id -> Key,
        version -> Integer,
        interaction_id -> Key,
        customer_id -> Key,
        product_id -> Nullable<Key>,
        kind -> Text,
        status -> Text,
        text -> Text,
        recipients -> Document,
        acknowledged_at -> Nullable<Instant>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    feedback_recipients (feedback_id, user_id) {
        feedback_id -> Key,
        user_id -> Key,
        acknowledged -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    policy_visits (event_id, policy_id) {
        event_id -> Key,
        policy_id -> Key,
        task_id -> Key,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    journal_places (name) {
        name -> Text,
        sequence -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    schedules (id) {
        id -> Key,
        version -> Integer,
        name -> Text,
        about -> Document,
        rhythm -> Document,
        enabled -> Bool,
        next_run_at -> Instant,
        place -> Nullable<Text>,
        chunk -> BigInt,
        interruptions -> Integer,
        lease_owner -> Nullable<Text>,
        leased_until -> Nullable<Instant>,
        runs -> BigInt,
        failures -> BigInt,
        last_started_at -> Nullable<Instant>,
        last_finished_at -> Nullable<Instant>,
        last_success_at -> Nullable<Instant>,
        last_result -> Nullable<Text>,
        last_error -> Nullable<Document>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    notification_preferences (id) {
        id -> Key,
        version -> Integer,
        mail -> Text,
        by_notice -> Document,
        quiet_hours -> Nullable<Document>,
        digest_at -> Integer,
        lang -> Nullable<Text>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    notification_digests (user_id) {
        user_id -> Key,
        digested_on -> Date,
        told_until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    mails (id) {
        id -> Key,
        version -> Integer,
        kind -> Text,
        code -> Nullable<Text>,
        user_id -> Nullable<Key>,
        recipient -> Text,
        subject -> Text,
        body -> Text,
        status -> Text,
        attempts -> Integer,
        step -> Integer,
        due_at -> Instant,
        lease -> Nullable<Text>,
        last_error -> Nullable<Text>,
        last_code -> Nullable<Integer>,
        last_reply -> Nullable<Text>,
        ended_at -> Nullable<Instant>,
        clear_at -> Nullable<Instant>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    departments (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        name_sort -> Text,
        name_en -> Nullable<Text>,
        kind -> Text,
        lead_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        response_hours -> Integer,
        active -> Bool,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    suppliers (id) {
        id -> Key,
        version -> Integer,
        code -> Text,
        name -> Text,
        name_sort -> Text,
        short_name -> Nullable<Text>,
        kind -> Text,
        country -> Text,
        tax_id -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        status -> Text,
        block_reason -> Nullable<Text>,
        owner_id -> Nullable<Key>,
        response_hours -> Integer,
        notes -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    supplier_contacts (id) {
        id -> Key,
        version -> Integer,
        supplier_id -> Key,
        name -> Text,
        name_sort -> Text,
        role -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        wechat -> Nullable<Text>,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    requests (id) {
        id -> Key,
        version -> Integer,
        number -> Text,
        status -> Text,
        kind -> Text,
        department_id -> Nullable<Key>,
        supplier_id -> Nullable<Key>,
        subject -> Text,
        body -> Nullable<Text>,
        about -> Nullable<Text>,
        about_kind -> Nullable<Text>,
        customer_id -> Nullable<Key>,
        order_line_ids -> Document,
        requester_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        assignee_id -> Nullable<Key>,
        wanted_by -> Date,
        due_on -> Date,
        promised_on -> Nullable<Date>,
        promise -> Nullable<Text>,
        proposals -> Document,
        outcome -> Nullable<Text>,
        answered_at -> Nullable<Instant>,
        started_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
        response_seconds -> Nullable<BigInt>,
        response_missed -> Bool,
        delivery_missed -> Bool,
        escalation_level -> Integer,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    order_exceptions (id) {
        id -> Key,
        version -> Integer,
        number -> Text,
        order_id -> Key,
        order_line_id -> Nullable<Key>,
        shipment_id -> Nullable<Key>,
        customer_id -> Key,
        product_id -> Nullable<Key>,
        kind -> Text,
        severity -> Text,
        status -> Text,
        blocking -> Bool,
        description -> Text,
        quantity -> Nullable<BigInt>,
        owner_id -> Nullable<Key>,
        team_id -> Nullable<Key>,
        reported_at -> Instant,
        started_at -> Nullable<Instant>,
        resolved_at -> Nullable<Instant>,
        closed_at -> Nullable<Instant>,
        outcome -> Nullable<Text>,
        resolution -> Nullable<Text>,
        cancel_reason -> Nullable<Text>,
        escalation_level -> Integer,
        reopened -> Integer,
        resolution_seconds -> Nullable<BigInt>,
        resolution_missed -> Bool,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    request_replies (id) {
        id -> Key,
        version -> Integer,
        request_id -> Key,
        text -> Text,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    returns (id) {
        id -> Key,
        version -> Integer,
        number -> Text,
        order_id -> Key,
        customer_id -> Key,
        complaint_id -> Nullable<Key>,
        exception_id -> Nullable<Key>,
        status -> Text,
        currency -> Text,
        net -> BigInt,
        tax -> BigInt,
        gross -> BigInt,
        notes -> Nullable<Text>,
        requested_at -> Instant,
        decided_at -> Nullable<Instant>,
        decided_by -> Nullable<Key>,
        decided_reason -> Nullable<Text>,
        received_at -> Nullable<Instant>,
        received_by -> Nullable<Key>,
        credited_at -> Nullable<Instant>,
        credited_by -> Nullable<Key>,
        closed_at -> Nullable<Instant>,
        cancel_reason -> Nullable<Text>,
        external_ids -> Document,
        created_at -> Instant,
        created_by -> Nullable<Key>,
        updated_at -> Instant,
        updated_by -> Nullable<Key>,
        replaced_at -> Nullable<Instant>,
        replaced_by -> Nullable<Key>,
        replacement_order_id -> Nullable<Key>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    return_lines (id) {
        id -> Key,
        return_id -> Key,
        order_line_id -> Key,
        product_id -> Key,
        position -> Integer,
        quantity -> BigInt,
        received -> Nullable<BigInt>,
        reason -> Text,
        disposition -> Nullable<Text>,
        net -> BigInt,
        tax -> BigInt,
        gross -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    guards (id) {
        id -> Integer,
        n -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    unit_gate (id) {
        id -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    backups (id) {
        id -> Key,
        name -> Text,
        place -> Text,
        origin -> Text,
        status -> Text,
        with_key -> Bool,
        started_at -> Instant,
        leased_until -> Instant,
        finished_at -> Nullable<Instant>,
        bytes -> Nullable<BigInt>,
        audit_sequence -> Nullable<BigInt>,
        error -> Nullable<Text>,
        removed_at -> Nullable<Instant>,
    }
}

// Tables that are joined, in groups as small as the joins: the macro implements traits for every pair of a group.
diesel::allow_tables_to_appear_in_same_query!(
    customers,
    order_lines,
    order_reps,
    orders,
    product_categories,
    products,
    regions,
    teams,
    users,
);
diesel::allow_tables_to_appear_in_same_query!(complaints, customers);
diesel::allow_tables_to_appear_in_same_query!(complaints, products);
diesel::allow_tables_to_appear_in_same_query!(departments, requests, suppliers);
diesel::allow_tables_to_appear_in_same_query!(return_lines, returns);
diesel::allow_tables_to_appear_in_same_query!(shipment_lines, shipments);
diesel::allow_tables_to_appear_in_same_query!(webhook_deliveries, webhooks);
