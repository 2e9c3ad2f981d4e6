"""What `from semioscope import …` gives, for type checkers and editors."""

from semioscope.core.errors import SemioscopeError as SemioscopeError
from semioscope.core.sampling import (
    Bias as Bias,
)
from semioscope.core.sampling import (
    Epsilon as Epsilon,
)
from semioscope.core.sampling import (
    Eta as Eta,
)
from semioscope.core.sampling import (
    Forbid as Forbid,
)
from semioscope.core.sampling import (
    Force as Force,
)
from semioscope.core.sampling import (
    Frequency as Frequency,
)
from semioscope.core.sampling import (
    MinP as MinP,
)
from semioscope.core.sampling import (
    NoRepeat as NoRepeat,
)
from semioscope.core.sampling import (
    Presence as Presence,
)
from semioscope.core.sampling import (
    Procedure as Procedure,
)
from semioscope.core.sampling import (
    Repetition as Repetition,
)
from semioscope.core.sampling import (
    Temperature as Temperature,
)
from semioscope.core.sampling import (
    TopK as TopK,
)
from semioscope.core.sampling import (
    TopP as TopP,
)
from semioscope.core.sampling import (
    Typical as Typical,
)
from semioscope.core.strategies import (
    Ancestral as Ancestral,
)
from semioscope.core.strategies import (
    Beam as Beam,
)
from semioscope.core.strategies import (
    BestFirst as BestFirst,
)
from semioscope.core.strategies import (
    Breadth as Breadth,
)
from semioscope.core.strategies import (
    Figure as Figure,
)
from semioscope.core.strategies import (
    Found as Found,
)
from semioscope.core.strategies import (
    Greedy as Greedy,
)
from semioscope.core.strategies import (
    MassThreshold as MassThreshold,
)
from semioscope.core.strategies import (
    Report as Report,
)
from semioscope.core.strategies import (
    StochasticBeam as StochasticBeam,
)
from semioscope.core.strategies import (
    Stop as Stop,
)
from semioscope.core.strategies import (
    Worlds as Worlds,
)
from semioscope.grown_tree import GrownTree as GrownTree
from semioscope.grown_tree import Trajectory as Trajectory
from semioscope.library import RuleHandle as RuleHandle
from semioscope.library import grow as grow
from semioscope.library import rule as rule

__version__: str
