//! What the agent does with a rule set, and what no rule can reach.

use super::*;

/// Rules for the first patient of a world: grants of a day at most to pharmacies are signed, to the regulator refused.
fn at_home(world: &World) -> Result<RuleSet, Failed> {
    let to = |roles| {
        Ok::<_, RuleError>(Match {
            grantees: Parties::roles(roles)?,
            deeds: Choice::only(vec![DeedKind::Grant])?,
            ..Match::everything()
        })
    };
    let limits = Limits { longest_ms: Some(100 * 86_400_000), most_requests: Some(3), rate: None };
    let rules = vec![
        rule("pharmacies", to(vec![Role::Pharmacy])?, Effect::Sign(limits)),
        rule("not the regulator", to(vec![Role::Regulator])?, Effect::Refuse),
    ];
    Ok(RuleSet::new(world.patients()[0].account, rules)?)
}

fn proposed(world: &mut World, ledger: &mut Ledger, body: &Action) -> Result<ProposalId, Failed> {
    let action = world.proposal(0, body, &world.institutions()[0].key)?;
    world.advance(ledger, std::slice::from_ref(&action))?;
    Ok(World::proposal_of(&action))
}

fn next(ledger: &Ledger) -> Moment {
    Moment { height: ledger.tip().height.next(), time: ledger.tip().time }
}

#[test]
fn the_agent_signs_refuses_or_asks_as_the_rules_say() -> Done {
    let (mut world, mut ledger) = world()?;
    let rules = at_home(&world)?;
    let mandate = world.instruct(0, 1, Some(rules.digest()))?;
    world.advance(&mut ledger, &[mandate])?;
    let mut agent = Agent::new(rules);
    for (institution, quota, outcome) in
        [(1, 3, Outcome::Sign), (1, 4, Outcome::Ask), (2, 1, Outcome::Refuse), (0, 1, Outcome::Ask)]
    {
        let grant = world.grant_to(institution, quota);
        let id = proposed(&mut world, &mut ledger, &Action::Grant(GrantAction { grant: grant.clone() }))?;
        let dry = agent.dry_run(&[id], &ledger.facts(), next(&ledger))?;
        let considered = agent.consider(&id, &world.patients()[0].home, &ledger.facts(), next(&ledger))?;
        assert_eq!((considered.verdict.outcome(), dry[0].outcome()), (outcome, outcome));
        world.advance(&mut ledger, &considered.reply.into_iter().collect::<Vec<_>>())?;
        let status = ledger.facts().proposal(&id)?.ok_or("no proposal")?.status();
        match outcome {
            Outcome::Sign => assert!(matches!(status, ProposalStatus::Executed { .. })),
            Outcome::Refuse => assert!(matches!(status, ProposalStatus::Rejected { .. })),
            Outcome::Ask => assert_eq!(status, ProposalStatus::Pending),
        }
        assert_eq!(ledger.facts().grant(&grant.id)?.is_some(), outcome == Outcome::Sign);
    }
    Ok(())
}

#[test]
fn no_rule_reaches_what_changes_who_may_act() -> Done {
    let (mut world, mut ledger) = world()?;
    let everything = vec![rule("everything", Match::everything(), Effect::Sign(Limits::default()))];
    let rules = RuleSet::new(world.patients()[0].account, everything)?;
    let mandate = world.instruct(0, 1, Some(rules.digest()))?;
    world.advance(&mut ledger, &[mandate])?;
    let patient = &world.patients()[0];
    let policy = dmledger_core::account::Policy::medical([patient.phone.public(), patient.home.public()], vec![])?;
    let amend = world.amendment(0, 1, policy, &[])?;
    let instruct = |rules| Action::Instruct(Instruct { number: 2, rules });
    let mut agent = Agent::new(rules);
    for body in [amend, instruct(Some(Digest::ZERO)), instruct(None)] {
        let id = proposed(&mut world, &mut ledger, &body)?;
        let refused = agent.consider(&id, &world.patients()[0].home, &ledger.facts(), next(&ledger));
        assert!(matches!(refused, Err(AgentError::Reserved { .. })), "{}", body.name());
        assert!(agent.dry_run(&[id], &ledger.facts(), next(&ledger)).is_err());
    }
    Ok(())
}

#[test]
fn an_agent_without_mandate_or_key_or_proposal_signs_nothing() -> Done {
    let (mut world, mut ledger) = world()?;
    let grant = world.grant_to(1, 1);
    let id = proposed(&mut world, &mut ledger, &Action::Grant(GrantAction { grant }))?;
    let mut agent = Agent::new(at_home(&world)?);
    let not_in_force = |agent: &mut Agent, world: &World, ledger: &Ledger| {
        let answer = agent.consider(&id, &world.patients()[0].home, &ledger.facts(), next(ledger));
        assert!(matches!(answer, Err(AgentError::NotInForce)));
    };
    not_in_force(&mut agent, &world, &ledger);
    let other = world.instruct(0, 1, Some(Digest::new([9; 32])))?;
    world.advance(&mut ledger, &[other])?;
    not_in_force(&mut agent, &world, &ledger);
    let right = world.instruct(0, 2, Some(agent.rules().digest()))?;
    world.advance(&mut ledger, &[right])?;
    let by_gateway = agent.consider(&id, &world.patients()[0].gateway, &ledger.facts(), next(&ledger));
    assert!(matches!(by_gateway, Err(AgentError::NotThePatients)));
    let late = Moment { time: next(&ledger).time.plus(Duration::from_secs(3600)), ..next(&ledger) };
    assert!(matches!(
        agent.consider(&id, &world.patients()[0].home, &ledger.facts(), late),
        Err(AgentError::NotPending)
    ));
    let ended = world.by(
        0,
        Action::Instruct(Instruct { number: 3, rules: None }),
        &[(&world.patients()[0].phone, dmledger_core::envelope::Meaning::Authored)],
    )?;
    world.advance(&mut ledger, &[ended])?;
    not_in_force(&mut agent, &world, &ledger);
    Ok(())
}
