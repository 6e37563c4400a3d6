//! The working calendar: when the company works, and what that makes of a deadline.

use salesdesk::base::auth::Role;
use serde_json::json;

use testkit::support::TestApp;

both_engines!(
    a_new_installation_knows_the_public_holidays,
    four_hours_before_the_national_day_end_after_it,
    a_day_can_be_made_a_holiday_and_a_working_day_again,
    what_is_no_working_time_is_pointed_at,
    everybody_reads_the_calendar_and_an_administrator_changes_it,
    who_never_works_is_told_so,
);

fn due(app: &TestApp, from: &str, minutes: i64) -> String {
    let path = format!("/working-calendar/time?from={from}&minutes={minutes}");
    let answer = app.as_role(Role::Rep).get(&path).expect(200);
    answer.body["due_at"].as_str().expect("an instant").to_owned()
}

fn a_new_installation_knows_the_public_holidays(app: &TestApp) {
    let calendar = app.as_role(Role::Clerk).get("/working-calendar").expect(200);
    let days = &calendar.body["days"];
    assert_eq!(days["2026-10-01"], json!({"name": "国庆节", "hours": []}));
    assert_eq!(days["2026-10-10"]["hours"].as_array().map(Vec::len), Some(2), "a Saturday that is made up");
    assert_eq!(days["2027-02-06"]["name"], "春节");
    assert_eq!(calendar.body["week"]["saturday"], json!([]));
}

fn four_hours_before_the_national_day_end_after_it(app: &TestApp) {
    // Wednesday, 16:00 in Shanghai: two hours of that day, and two on Thursday the 8th.
    assert_eq!(due(app, "2026-09-30T08:00:00Z", 240), "2026-10-08T03:00:00.000Z");
    // Friday, 17:00: one hour of that day, three of the Saturday that is made up.
    assert_eq!(due(app, "2026-10-09T09:00:00Z", 240), "2026-10-10T04:00:00.000Z");
    let path = "/working-calendar/time?from=2026-09-30T08:00:00Z&minutes=240";
    let segments = app.as_role(Role::Rep).get(path).expect(200).body["segments"].clone();
    let counted = json!({"from": "2026-09-30T08:00:00.000Z", "to": "2026-09-30T10:00:00.000Z", "counts": "counted", "seconds": 7200});
    assert_eq!(segments[0], counted);
    assert_eq!(segments[1]["counts"], "not_working");
    assert_eq!(segments.as_array().map(Vec::len), Some(3));
}

fn a_day_can_be_made_a_holiday_and_a_working_day_again(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let change = |days: serde_json::Value| {
        let etag = admin.get("/working-calendar").expect(200).header("etag").expect("a version").to_owned();
        admin.patch("/working-calendar", &etag, json!({"days": days})).expect(200)
    };
    assert_eq!(due(app, "2026-11-24T09:00:00Z", 120), "2026-11-25T02:00:00.000Z");
    change(json!({"2026-11-25": {"name": "停电", "hours": []}}));
    assert_eq!(due(app, "2026-11-24T09:00:00Z", 120), "2026-11-26T02:00:00.000Z");
    change(json!({"2026-11-25": null}));
    assert_eq!(due(app, "2026-11-24T09:00:00Z", 120), "2026-11-25T02:00:00.000Z");
    let history = admin.get("/working-calendar/history").expect(200);
    assert_eq!(history.rows().len(), 3, "{history}");
}

fn what_is_no_working_time_is_pointed_at(app: &TestApp) {
    let admin = app.as_role(Role::Admin);
    let hours = |from: &str, to: &str| json!({"from": from, "to": to});
    let reply = admin.patch(
        "/working-calendar",
        "*",
        json!({
            "week": {"monday": [hours("09:00", "12:00"), hours("11:00", "18:00")], "friday": [hours("18:00", "09:00")]},
            "days": {"2026-02-30": {"name": "无", "hours": []}},
        }),
    );
    let reply = reply.refused(422, "validation_failed");
    assert_eq!(reply.places(), ["/week/monday", "/week/friday/0", "/days/2026-02-30"], "{reply}");
    let reply = admin.patch("/working-calendar", "*", json!({"week": {"monday": [hours("09:60", "25:00")]}}));
    assert_eq!(
        reply.refused(422, "validation_failed").places(),
        ["/week/monday/0/from", "/week/monday/0/to"]
    );
}

fn everybody_reads_the_calendar_and_an_administrator_changes_it(app: &TestApp) {
    for role in Role::ALL {
        app.as_role(*role).get("/working-calendar").expect(200);
        let reply = app.as_role(*role).patch("/working-calendar", "*", json!({}));
        assert_eq!(reply.status, if *role == Role::Admin { 200 } else { 403 }, "{role}: {reply}");
    }
}

fn who_never_works_is_told_so(app: &TestApp) {
    let none = json!([]);
    let week = json!({"monday": none, "tuesday": none, "wednesday": none, "thursday": none, "friday": none});
    let admin = app.as_role(Role::Admin);
    admin.patch("/working-calendar", "*", json!({"week": week})).expect(200);
    let later = "/working-calendar/time?from=2027-12-01T00:00:00Z&minutes=1";
    app.as_role(Role::Rep).get(later).refused(422, "no_working_time");
}
