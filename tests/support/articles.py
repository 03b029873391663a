"""Articles for tests, written for this project: all people, places and events are made up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """An article with what a reader would say of it: its topic, and its stance toward targets."""

    title: str
    text: str
    topic: str
    stances: dict[str, str] = field(default_factory=dict, hash=False)


ARTS = Sample(
    title="Debut novel about a lighthouse family wins the Harrow Prize",
    topic="arts, culture, entertainment and media",
    text="""\
Marta Ellingsen's first novel, "The Lamp Room", won the Harrow Prize for fiction on Tuesday, the \
first debut to take the award in 22 years.

The judges called the book, which follows three generations of a lighthouse family on a northern \
island, "a quiet masterpiece". It beat novels by four better-known writers, among them last year's \
winner, Paul Adeyemi.

Ellingsen, 34, wrote the novel at night while she worked as a projectionist in a small cinema in \
Bergen. "I thought perhaps forty people would read it," she told the audience at the ceremony in \
the Old Exchange theatre. Her publisher has now ordered 80,000 more copies, and a film company has \
bought the rights.

The Harrow Prize, worth 30,000 euros, has been given since 1968. The shortlist drew criticism in \
March because it held no poetry and no short stories. The chair of the jury, the critic Ines \
Rocha, said that the rules would be looked at before next year's award.

An exhibition of the manuscripts of past winners opens at the city museum on Friday.
""",
)

CRIME = Sample(
    title="Former bank clerk jailed for stealing from pensioners",
    topic="crime, law and justice",
    text="""\
A former bank clerk who stole more than £410,000 from elderly customers was sentenced to six years \
in prison on Thursday.

Dennis Walgrave, 47, pleaded guilty at Norbury Crown Court to 14 counts of fraud and three of \
forgery. Prosecutors said that he had opened accounts in the names of customers who were ill or \
had died, and had moved their savings into them over five years.

Police arrested him last August after the daughter of an 86-year-old woman noticed that her \
mother's statements had stopped. Detectives found 23 bank cards and a list of passwords in his \
garage.

"You were trusted by people who could not look after themselves, and you robbed them," Judge Helen \
Marsh told him. Walgrave's lawyer said that his client had a gambling addiction and was sorry.

The bank has paid all the victims back. A hearing to decide how much of the money can be recovered \
from Walgrave's house and two cars will be held in June.
""",
)

DISASTER = Sample(
    title="Nineteen dead as ferry sinks off Santa Clara island",
    topic="disaster, accident and emergency incident",
    text="""\
At least 19 people died and dozens were missing after a ferry capsized and sank in rough seas off \
Santa Clara island late on Saturday, rescue officials said.

The Estrella del Sur was carrying 143 passengers and 12 crew when it began to take in water about \
four miles from the harbour. Coast guard boats and fishermen pulled 97 survivors from the water \
during the night. Divers were searching the wreck on Sunday for those still missing.

"It went over in less than ten minutes," said Rosa Quispe, a nurse, who was rescued after clinging \
to a life jacket for three hours with her two sons. "There were not enough rafts."

The cause of the accident is not known. Port officials said that the vessel, which is 31 years \
old, was licensed to carry 120 passengers. Hospitals in the town of Puerto Nuevo treated 61 people \
for injuries and hypothermia.

Emergency crews set up a centre for relatives in a school near the harbour. It is the worst \
shipwreck in the region since 2004, when 44 people were killed.
""",
)

ECONOMY = Sample(
    title="Steelmaker Corvane cuts profit forecast as prices fall",
    topic="economy, business and finance",
    text="""\
Shares in Corvane fell 9.4% on Wednesday after the steelmaker cut its profit forecast for the \
second time this year, blaming weak demand from carmakers and a flood of cheap imports.

The company now expects an operating profit of $310 million to $340 million for the year, down \
from an earlier forecast of $450 million. Revenue in the third quarter fell 11% to $2.1 billion, \
it said in a statement.

Chief executive Laura Brandt said that Corvane would close one of its two furnaces in Dellbrook \
until spring, and would pay no interim dividend. "Prices have dropped faster than our costs," she \
told analysts on a call.

Analysts at Meridian Bank lowered their target for the shares from $38 to $29. Steel prices have \
fallen by a quarter since January as construction slowed and interest rates rose.

Corvane's bonds lost value too: the yield on those due in 2029 rose to 7.8%. The central bank is \
to decide on rates next week; most investors expect no change.
""",
)

EDUCATION = Sample(
    title="Pupils to sit fewer exams under school reform",
    topic="education",
    text="""\
Secondary school pupils will sit a third fewer exams from next autumn, the education ministry said \
on Monday, in the largest change to the curriculum in a generation.

Under the plan, students aged 14 to 16 will be examined in six subjects instead of nine. Teachers \
will mark coursework in the other three. Universities have agreed to accept the new certificates \
for admission.

"Our classrooms have become places where children are prepared for tests and for nothing else," \
said the head of the ministry's schools department, Olu Bankole. The change follows a three-year \
trial in 140 schools, in which pupils' reading scores rose and fewer dropped out.

Head teachers welcomed the plan but asked for more training. A survey by the teachers' association \
found that 58% of its members did not feel ready to grade coursework.

Parents' groups are divided. Some fear that marks given by a school's own teachers will be less \
fair than those of examiners. The ministry said that a sample of every school's grades would be \
checked each year.
""",
)

ENVIRONMENT = Sample(
    title="Wetland birds return as river is given back its bends",
    topic="environment",
    text="""\
Herons, otters and a rare dragonfly have come back to the Tamsel valley three years after \
engineers gave the river its old bends back, conservationists said on Friday.

The river was straightened in the 1950s to drain the land for farming. Its wetlands dried out, and \
by 1990 two thirds of the plant species recorded there had gone. Since 2021 the wildlife trust has \
filled in ditches along 17 kilometres and has planted 60,000 willows and alders.

A survey this summer counted 112 breeding pairs of lapwing, up from nine before the work began. \
Nitrate pollution in the water fell by almost half. The restored peat also stores carbon: about \
4,000 tonnes of carbon dioxide a year, according to ecologists at the trust.

"We did very little," said Greta Holm, who leads the project. "Once the water was back, so was \
nature."

Climate change is making such wetlands more important, she said, since they hold back floods in \
wet winters and keep streams alive in dry summers. The trust wants to restore two more tributaries \
by 2030, and to protect the habitat as a nature reserve.
""",
)

HEALTH = Sample(
    title="New vaccine halves severe dengue in children, trial finds",
    topic="health",
    text="""\
A new vaccine against dengue fever cut the number of severe cases in children by half, doctors \
reported on Thursday after a trial in four countries.

More than 19,000 children between four and 16 were given two doses of the vaccine or a placebo. \
Over three years, 41 of those who had the vaccine were taken to hospital with dengue, compared \
with 84 in the other group.

The disease, which is spread by mosquitoes, infects about 100 million people a year. There is no \
treatment for it. Patients have high fever and pain in the joints; in the worst cases they bleed \
and can die.

"For parents in the wards where I work, this is the best news in a decade," said Dr Anjali Perera, \
a children's doctor who led the study. Side effects were mild, mostly headaches and sore arms.

The vaccine did not protect well against one of the four types of the virus, and the researchers \
said that patients would have to be followed for two more years. The health agency is expected to \
decide on approval by the end of the year.
""",
)

HUMAN_INTEREST = Sample(
    title="Lost wedding ring turns up on a carrot after 16 years",
    topic="human interest",
    text="""\
A grandmother who lost her wedding ring while weeding 16 years ago has got it back, wrapped around \
a carrot.

Birgit Lindqvist, 71, had given up hope of ever seeing the white gold ring again. Then her \
grandson Nils, 8, pulled a crooked carrot from the vegetable patch on Sunday and asked why it was \
wearing a belt.

"I screamed so loudly that the neighbours came running," she said with a laugh. "My husband says \
that he never stopped looking. I am not sure that I believe him."

The couple, who have been married for 48 years, think that the ring fell into the compost and was \
spread over the garden. The carrot grew straight through it.

The ring no longer fits. Mrs Lindqvist now wears it on a chain around her neck. The carrot has \
been frozen, and Nils was allowed to take a photograph of it to school, where he is famous.

The family is planning a party with carrot cake for the golden wedding in two years.
""",
)

LABOR = Sample(
    title="Dock workers vote to strike over pay",
    topic="labor",
    text="""\
Dock workers at the country's three largest ports will walk out for 48 hours next week after talks \
over pay and shifts broke down, their union said on Friday.

Members of the Transport and Harbour Workers' Union voted by 87% to strike. They want a pay rise \
of 8% and an end to split shifts; the employers have offered 4.5% over two years.

"Our members worked through the nights of the pandemic and have seen their wages fall behind ever \
since," said the union's general secretary, Carla Reyes. She accused the port companies of hiring \
agency staff on temporary contracts to replace permanent jobs.

The employers' federation said that it was disappointed, and that it was ready to go back to the \
negotiating table. About 6,200 workers are covered by the collective agreement, which ran out in \
December.

The walkout would be the first at the ports for 13 years. Crane drivers and lorry drivers have \
said that they will not cross the picket lines.
""",
    stances={"the offer of the employers": "against"},
)

LIFESTYLE = Sample(
    title="How to spend a slow weekend on the Amber Coast",
    topic="lifestyle and leisure",
    text="""\
Skip the crowded resorts: the best of the Amber Coast is found on foot, between a bakery at dawn \
and a plate of smoked eel at dusk.

Start on Saturday in the old fishing village of Nida Strand, where guest houses with blue shutters \
rent out rooms from 60 euros a night. Hire a bicycle at the harbour and follow the path through \
the pines to the great dune. Take a picnic: rye bread, goat's cheese and a jar of pickled plums \
from the market will do.

In the afternoon, try one of the wooden saunas on the beach, then run into the sea. Restaurants \
here are simple. At Tante Irma, order the fish soup and leave room for the poppy seed cake; the \
recipe has not changed since 1934.

On Sunday, sleep late. Travellers with children can look for amber on the shore after the tide, \
while hikers can walk the 12-kilometre trail to the lagoon, where tour boats wait to bring you \
back. Pack a jumper, even in July, and good shoes.

Trains run from the capital twice a day; the trip takes three hours. Hotels fill up quickly in \
August, so book your holiday early.
""",
)

POLITICS = Sample(
    title="Prime minister loses vote on election law",
    topic="politics and government",
    text="""\
Prime Minister Anton Velde lost a vote in parliament on Wednesday on his plan to change the \
election law, after 11 members of his own party sided with the opposition.

The bill, which would have raised the threshold for small parties from 3% to 5%, was rejected by \
152 votes to 141. It is the government's first defeat since it took office two years ago.

Opposition leader Maria Stolz called on Velde to resign. "A government that cannot carry its own \
members cannot govern the country," she told lawmakers. The prime minister said that he respected \
the vote and would stay in office until the elections in May.

The Liberals, the junior partner in the coalition, had supported the bill in return for a promise \
on taxes. Their leader said that ministers would meet on Thursday to discuss the future of the \
cabinet.

Polls give Velde's Civic Party 27%, five points less than at the last election. The president, \
whose role is largely ceremonial, urged the parties to talk.
""",
)

RELIGION = Sample(
    title="Bishops back women deacons in historic synod vote",
    topic="religion",
    text="""\
Bishops meeting in the cathedral city of Almenar voted on Sunday to let women become deacons, a \
step that supporters called historic and critics said would split the church.

After four days of prayer and debate, 118 of the 164 members of the synod supported the change. \
Women will be able to baptise, preach and bury the dead, but not to celebrate Mass.

"The Holy Spirit has led us here," said Archbishop Tomas Ferreira, who opened the final session \
with a reading from the Gospel of Luke. Outside the cathedral, a choir of nuns sang psalms.

Conservative clergy said that the vote broke with two thousand years of tradition. Father Emil \
Kranz, a parish priest, said that some of his congregation were thinking of leaving. "Faith isn't \
a parliament," he said.

Theologians have argued about the question since scholars showed that women had served as deacons \
in the early Christian church. The decision has to be confirmed by the patriarch. The first women \
could be ordained at Pentecost next year.
""",
)

SCIENCE = Sample(
    title="Telescope finds water vapour around a distant rocky planet",
    topic="science and technology",
    text="""\
Astronomers have found signs of water vapour in the atmosphere of a rocky planet 48 light years \
away, the first time that it has been seen around a world of this kind.

The planet, known as Kessler 9b, is about one and a half times as wide as the Earth and circles a \
small red star every 11 days. Researchers observed it with a space telescope as it passed in front \
of the star, and studied how the light was absorbed.

"The signal is small, but it is there in all six of our measurements," said the astrophysicist \
Yuki Tanabe, the main author of the study, which was published in a scientific journal on Monday. \
Computer models show that an atmosphere of steam or one with thin clouds would fit the data.

Other scientists urged caution. Dark spots on the star can imitate the fingerprint of water, and \
the team has asked for 40 more hours of observation next year to rule that out.

The discovery was made with a new algorithm that removes noise from the detector. The software \
will be released so that other laboratories can test it on their own planets.
""",
)

SOCIETY = Sample(
    title="One in four young adults now lives alone, census shows",
    topic="society",
    text="""\
One in four adults under 35 lives alone, almost twice as many as a generation ago, according to \
census figures released on Tuesday that show how families and communities are changing.

The average household now has 2.1 people, down from 2.6 in 1991. Couples marry later, at 33 on \
average, and more of them have no children. The number of people over 80 has doubled.

Sociologists say that the figures reflect choice as well as need. "For many young women, living \
alone is a freedom that their mothers did not have," said Nadia Haddad, who studies families. For \
others it means loneliness: in a survey published with the census, 22% of those who live alone \
said that they had nobody to call in the night.

Immigrants and their children, who make up 18% of the population, are more likely to live with \
three generations under one roof. Charities that work with the homeless and the poor warned that \
single people are hit hardest by rising rents.

Neighbourhood groups have begun to answer. In the district of Eastgate, volunteers of all ages \
share a meal every Sunday, and a telephone line for the elderly takes 300 calls a week.
""",
)

SPORT = Sample(
    title="Late Okafor goal sends Rovers into cup final",
    topic="sport",
    text="""\
Chidi Okafor scored with a header in the 93rd minute as Redhill Rovers beat Stanmore United 2-1 on \
Saturday to reach the cup final for the first time since 1987.

Stanmore, who are top of the league, took the lead after 12 minutes when striker Luis Pardo shot \
home from 20 metres. Rovers were reduced to ten men before half-time, when defender Jack Horne was \
sent off for a foul.

But the second-division side fought back. Goalkeeper Ben Astley saved a penalty in the 64th \
minute, and Tom Reilly equalised nine minutes later from a free kick. With extra time looming, \
Okafor rose above two defenders to meet a corner.

"I have dreamt of that goal since I was six years old," said the 21-year-old forward. Coach Sheila \
Dunn, whose team lost its last three matches, ran onto the pitch to hug him.

Rovers will play either Kingsport City or the holders, Athletic Varna, in the final on 18 May. \
Stanmore's manager said that his players had been tired after their game on Wednesday.
""",
)

WAR = Sample(
    title="Shelling kills 12 in border town as ceasefire talks stall",
    topic="conflict, war and peace",
    text="""\
Artillery fire killed at least 12 civilians in the border town of Karasu on Sunday, hours after \
ceasefire talks between the government and rebel forces ended without agreement.

Shells hit a market and two blocks of flats, the regional governor said. Rescue teams pulled nine \
wounded people from the rubble. The army blamed the Northern Front, the rebel alliance that holds \
the hills above the town; a rebel commander said that his fighters had targeted a barracks.

The fighting in the province, now in its third year, has killed more than 8,000 people and driven \
half a million from their homes. Both sides have moved tanks and troops to the front line in \
recent weeks, and drones were heard over Karasu throughout the night.

United Nations envoy Ingrid Salo, who has led the peace talks, said that she would go on. "There \
is no military solution," she told reporters. The rebels want the army to withdraw its missiles \
before a truce; the government says that they must lay down their weapons first.

A convoy of aid trucks was turned back at a checkpoint on Saturday. Neighbouring states have \
called for an arms embargo.
""",
)

WEATHER = Sample(
    title="Heavy snow and gales forecast for the north",
    topic="weather",
    text="""\
Heavy snow and strong winds will sweep across the north from Tuesday night, forecasters said, with \
up to 30 centimetres expected on high ground and temperatures as low as minus 14 degrees.

The national weather service issued an amber warning for snow and ice that is valid until noon on \
Thursday. Gusts of 90 kilometres an hour could cause blizzards and drifts on exposed roads.

"A deep area of low pressure is moving in from the Atlantic and will meet very cold air over the \
mountains," said the meteorologist Piotr Zawada. "The heaviest showers will fall between midnight \
and dawn."

In the south it will stay milder, with rain and fog patches and highs of 6 degrees. Sunshine \
returns from the west on Friday, but frost is likely at night into the weekend.

January has been unusually dry so far: only 21 millimetres of rain fell in the first two weeks, a \
third of the average. Forecasters expect the cold spell to last about ten days before a warm front \
brings a thaw.
""",
)

SAMPLES = (
    ARTS, CRIME, DISASTER, ECONOMY, EDUCATION, ENVIRONMENT, HEALTH, HUMAN_INTEREST, LABOR,
    LIFESTYLE, POLITICS, RELIGION, SCIENCE, SOCIETY, SPORT, WAR, WEATHER,
)  # fmt: skip
"""A clear article on each of the 17 topics."""

OPINION = Sample(
    title="The tram is the best thing this city could build",
    topic="politics and government",
    text="""\
The city council should stop dithering and build the tram.

For thirty years we have been told that more roads would cure our traffic jams. They have not. \
Every new lane on the ring road was full within two years, and the air in Mill Street is now the \
dirtiest in the country. The tram would carry 40,000 people a day, quietly, cleanly and for the \
price of a bus ticket.

The car park lobby says that the line costs too much. That is nonsense. At 310 million euros it is \
cheaper than the tunnel that the same people wanted in 2015, and two thirds of the money comes \
from the state. Shops in every city with a tram have gained customers, not lost them.

I have used the tram in Grenville every day for a year. It is wonderful: fast, reliable and full \
of people who once sat alone in cars. Children go to school in it. Old people are no longer stuck \
at home.

The opponents' petition against the tram is a mean and dishonest document. It counts parking \
spaces and forgets people. The council must throw it out, approve the tram on Monday, and be proud \
of it.
""",
    stances={"the tram": "favor", "the petition against the tram": "against"},
)

WEB_PAGE = """\
Skip to main content
Home
World
Business
Sport
Subscribe
Sign in

Flood waters cut off three villages in the Olm valley

By Jana Fiedler
Published 14 March, 9:42 GMT

A soldier carries a child through the flooded main street of Ulmen (AFP)

Share
Facebook
Twitter
Email

Three villages in the Olm valley were cut off on Thursday after the river broke its banks \
overnight, and the army used helicopters to bring out more than 200 people.

The water rose by two metres in six hours after a week of heavy rain. A dam above the village of \
Ulmen held, but engineers said that they would have to open its gates in the evening.

"We heard a roar and then the cellar was full," said Karl Brenner, a farmer who lost 40 sheep. "In \
ten minutes it was up to the window."

Sign up for our newsletter and get the day's top stories in your inbox

Two people were missing, the police said. Schools across the district stayed closed, and the \
railway line to the coast was blocked by a landslide.

Read more: Why rivers flood

The interior minister visited the valley and promised 20 million euros in aid. Forecasters expect \
the rain to stop on Friday.

© 2024 The Olm Courier. All rights reserved. This material may not be published, broadcast, \
rewritten or redistributed without permission.
"""

BOILERPLATE = (
    "Skip to main content", "Subscribe", "(AFP)", "Facebook", "Sign up for our newsletter",
    "Read more", "All rights reserved", "may not be published",
)  # fmt: skip
"""What no summary of `WEB_PAGE` may hold."""

HTML_PAGE = """\
<!doctype html>
<html><head><title>Harbour bridge to close for two years</title></head>
<body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<article>
<h1>Harbour bridge to close for two years</h1>
<p>The old harbour bridge in Westmere will close to all traffic for two years from May, the city \
said on Monday, because engineers have found cracks in nine of its steel girders.</p>
<p>About 21,000 cars cross the bridge every day. A ferry for pedestrians and cyclists will run \
every ten minutes while the work goes on, and buses will be sent through the northern tunnel.</p>
<p>"We looked at keeping one lane open, but it would have taken five years and cost twice as \
much," said the head of the roads department, Simon Achterberg. The repair is expected to cost 64 \
million euros.</p>
</article>
<footer>All rights reserved</footer>
</body></html>
"""

FRENCH = """\
Le gouvernement a annoncé mercredi la fermeture de trois hôpitaux ruraux dans le nord du pays, \
malgré l'opposition des syndicats et de nombreux maires. La ministre de la Santé a expliqué que \
ces établissements ne disposaient plus d'un nombre suffisant de médecins pour assurer les soins \
d'urgence pendant la nuit. Les habitants devront désormais parcourir jusqu'à soixante kilomètres \
pour rejoindre le centre hospitalier le plus proche. Plusieurs manifestations sont prévues samedi \
devant les préfectures.
"""

SECTIONS = Sample(
    title="The valley that voted to move its town",
    topic="society",
    text="\n\n".join(
        (
            "The people of Harlow Bend have decided to leave. On Sunday, 812 of the 1,140 adults "
            "of the town voted to move it, church bells and all, to a plateau four kilometres "
            "away, because the mine beneath their houses is caving in.",
            "A town above a hole",
            "Miners dug for zinc under Harlow Bend for 96 years. When the pit closed in 1999, its "
            "owner pumped out no more water, and the old galleries began to collapse. The first "
            "house tilted in 2008. Since then 43 buildings have been pulled down, among them the "
            "school and the fire station. A crack runs through the nave of the church, wide "
            "enough for a child's hand.",
            "Geologists who surveyed the ground last year found 61 cavities larger than a bus. "
            "They could be filled with concrete, but the work would take 20 years and would cost "
            "more than the town is worth, the report said. It gave the main street ten years.",
            "What it will cost",
            "The new town is to have 480 houses, a school, a clinic and a market hall. The state "
            "pays 190 million dollars, a fund of the mining industry 75 million, and the rest "
            "comes from the sale of forest. Each family gets a plot of the size that it leaves, "
            "and a grant of up to 60,000 dollars.",
            "Mayor Judith Amsel, who drove the plan for six years, wept when the result was read "
            'out in the gymnasium. "We aren\'t losing a town," she said. "We are saving a '
            'community."',
            "Those who want to stay",
            "Not everyone agrees. Walter Pruss, 78, was born in the house where he lives, and so "
            'was his father. "They can move the bells," he said. "They can\'t move the '
            'cemetery." About 40 families have formed a group that wants the mine to be filled, '
            "and has asked a court to stop the plan.",
            "Shopkeepers fear the years of building, when half of their customers will live in "
            "one place and half in the other. The bakery, the last one in the valley, has asked "
            "for help with a second oven.",
            "An example for others",
            "Planners from nine countries have come to look. Towns have been moved before, for "
            "dams and for open-cast mines, but seldom has a whole community been asked. The "
            "streets of the new town were drawn in 30 evening meetings; neighbours could say "
            "beside whom they wanted to live. The sociologist Nadia Haddad, who sat in on all of "
            "them, said that the quarrels were loud and the plans better for it.",
            "The first houses are to be finished in three years. The last train from the old "
            "station, a museum by then, is to carry the bells. If the ground holds, Mayor Amsel "
            "says, there will be a dance on the platform before the doors are locked.",
        )
    ),
)
"""One article of several sections, longer than a window."""

LONG_TEXT = "\n\n".join(sample.text for sample in (SECTIONS, *SAMPLES))
"""Several thousand words: more windows than a batch of short articles has rows."""
