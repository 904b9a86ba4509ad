"""What is heard in ESC-10's classes, in words: alternatives are separated by `|`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Clauses are subject, verb and place; nouns are subject, verb in -ing and place, or whole."""

    subjects: str
    verbs: str
    gerunds: str
    places: str
    nouns: str


ESC10 = {
    'dog': Words(
        'a dog|the dog|a hound|a guard dog|somebody\'s dog',
        'barks|is barking|woofs|barks and barks|gives a bark|yaps|barks loudly',
        'barking|woofing|yapping|giving a bark|barking loudly',
        '',
        'dog|dogs|dog barking|dog bark|dog barks|barking|a barking dog|barking dogs|a bark|loud barking'
        '|the barking of a dog|the bark of a dog|a dog\'s bark|woof woof|a dog that barks|canine barking'
        '|a pet dog barking|the woof of a dog|dog noise|a noisy dog|yaps of a dog|a hound that barks',
    ),
    'rooster': Words(
        'a rooster|the rooster|a cock|a cockerel',
        'crows|is crowing|calls|sings out|crows loudly|cries cock-a-doodle-doo',
        'crowing|calling|singing out|crowing loudly',
        '|in the morning|at dawn|on a farm',
        'rooster|roosters|a crowing rooster|rooster crowing|rooster crow|the crow of a rooster'
        '|a rooster\'s call|a rooster\'s cry|cock-a-doodle-doo|the crowing of a cock|a farm rooster'
        '|cockcrow|a cock-a-doodle-doo|the call of a cockerel|a rooster that crows|cock crowing',
    ),
    'rain': Words(
        'rain|the rain|rainwater|steady rain',
        'falls|is falling|pours|pours down|patters|comes down|drums',
        'falling|pouring|pouring down|pattering|coming down',
        '|on a roof|on the ground|outside|on leaves|on the window',
        'rain|rainfall|a rain shower|falling rain|raindrops|pouring rain|a downpour|rain noise|raining'
        '|the patter of rain|the patter of raindrops|rainy weather|a rainy day|raindrops falling'
        '|water falling from the sky|rain shower|the hiss of rain|rain drops|a shower of rain|rainstorm',
    ),
    'sea_waves': Words(
        'waves|sea waves|ocean waves|the waves|big waves',
        'break|are breaking|roll in|wash ashore|crash|are crashing|lap',
        'breaking|rolling in|washing ashore|crashing|lapping',
        '|on the beach|on the shore|at the seaside|on the sand',
        'sea waves|sea|the sea|waves|the ocean|ocean|ocean waves|surf|the surf|the surf of the sea'
        '|the roar of the surf|waves of the sea|waves at the beach|a beach with waves|breaking waves'
        '|the seaside|a seashore|the seashore|rolling surf|crashing waves|water washing on a beach'
        '|sea wave|the swash of waves|an ocean beach|the coast of the sea',
    ),
    'crackling_fire': Words(
        'a fire|the fire|a wood fire|burning wood|a log fire',
        'crackles|is crackling|burns|is burning|pops and crackles|burns and crackles|snaps',
        'crackling|burning|popping and crackling|snapping',
        '|in the fireplace|in a stove|in a hearth',
        'crackling fire|a crackling fire|fire|a fire|fire crackling|flames|burning wood|burning logs'
        '|the crackle of a fire|the crackling of a fire|crackling flames|wood that burns|a wood fire'
        '|logs burning|the snap and pop of a fire|the pops of burning wood|fire burning|a burning fire'
        '|a cozy fire|a hearth fire',
    ),
    'crying_baby': Words(
        'a baby|the baby|an infant|a little baby|a small child',
        'cries|is crying|screams|wails|is wailing|bawls|sobs|weeps',
        'crying|screaming|wailing|bawling|sobbing|weeping',
        '',
        'crying baby|a crying baby|baby crying|baby cry|the cry of a baby|a baby\'s cry|a baby\'s crying'
        '|the crying of a baby|crying|an infant\'s cry|a wailing infant|a screaming baby|baby cries'
        '|the wails of a baby|a baby in tears|a baby that cries|a hungry baby crying|a bawling infant',
    ),
    'sneezing': Words(
        'someone|somebody|a person|a human',
        'sneezes|is sneezing|sneezes loudly|gives a sneeze|has to sneeze|lets out a sneeze',
        'sneezing|sneezing loudly|giving a sneeze|letting out a sneeze',
        '',
        'sneezing|sneeze|a sneeze|sneezes|a loud sneeze|achoo|a person who sneezes|the sneeze of a person'
        '|human sneezing|atchoo|somebody\'s sneeze|a strong sneeze|a sudden sneeze|a nose that sneezes'
        '|a sneezing person|a hearty sneeze',
    ),
    'clock_tick': Words(
        'a clock|the clock|a watch|an old clock',
        'ticks|is ticking|tick-tocks|goes tick tock|ticks steadily|ticks away',
        'ticking|ticking steadily|ticking away|going tick tock',
        '|on the wall|in a quiet room|in a room',
        'clock tick|clock ticking|a ticking clock|clock|the tick of a clock|the ticking of a clock|ticking'
        '|tick tock|the tick-tock of a clock|ticks of a clock|clockwork|a clock that ticks|ticking clock'
        '|ticking clockwork|the seconds of a clock|the ticks of a watch',
    ),
    'helicopter': Words(
        'a helicopter|the helicopter|a chopper|a rescue helicopter',
        'flies|is flying|flies past|hovers|is hovering|passes|chops the air',
        'flying|flying past|hovering|passing|chopping the air',
        '|overhead|in the sky|above|over the city',
        'helicopter|a helicopter|helicopters|a flying helicopter|the rotor of a helicopter|a chopper'
        '|helicopter blades|the blades of a helicopter|the rotor blades of a chopper|helicopter noise'
        '|a helicopter in flight|the flight of a helicopter|a hovering helicopter|chopper blades'
        '|the engine of a helicopter|the chop of rotor blades',
    ),
    'chainsaw': Words(
        'a chainsaw|the chainsaw|a chain saw|a motor saw|a lumberjack\'s chainsaw',
        'runs|is running|cuts wood|saws a tree|roars|is sawing|revs|revs up',
        'running|cutting wood|sawing a tree|roaring|revving|sawing',
        '',
        'chainsaw|a chainsaw|chain saw|a running chainsaw|the roar of a chainsaw|the engine of a chainsaw'
        '|a chainsaw motor|chainsaw noise|sawing wood with a chainsaw|a tree being sawn|a power saw in a tree'
        '|the whine of a chainsaw|a chainsaw at work|lumberjacks with a chainsaw|chainsaw cutting',
    ),
}
