"""Giving a factor another name; the observations keep their values."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.common.errors import Refused
from apps.measurements.announcing import announce
from apps.measurements.models import Characteristic, ImportProfile, Stratum
from apps.measurements.reader.jobs import FACTOR
from apps.measurements.services.characteristics import MOST_FACTORS, check_names
from apps.measurements.strata import combination, stratum_key

AT_ONCE = 500


def rename_factor(
    *, actor: User, characteristic: Characteristic, version: int, factor: str, name: str
) -> Characteristic:
    """Give a factor another name, in all that is stored under the old one."""
    name = " ".join(name.split())
    with transaction.atomic():
        present: Characteristic = Characteristic.objects.select_for_update().get(
            pk=characteristic.pk
        )
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present)
        if factor not in present.factors:
            raise Refused(
                _("“%(name)s” is not a factor of this characteristic.") % {"name": factor[:40]}
            )
        if name == factor:
            raise Refused(_("This is the name it has already."))
        renamed = [name if one == factor else one for one in present.factors]
        check_names(renamed, fewest=0, most=MOST_FACTORS)
        present.factors = renamed
        present.save_over(version, fields=["factors"])
        count = _rename_in_strata(present, factor, name)
        _rename_in_profiles(present, factor, name)
        # Charts name their factors, but no row and no time is another than before.
        announce(
            actor=actor,
            verb="factor.renamed",
            characteristic=present,
            same_times=True,
            details={"before": factor, "after": name, "combinations": count},
        )
    return present


def _rename_in_strata(characteristic: Characteristic, factor: str, name: str) -> int:
    """The observations point at their combination by its number, which stays."""
    strata = list(Stratum.objects.filter(characteristic=characteristic))
    if any(name in one.values for one in strata):
        # Of a factor that was taken off the list: its values are stored still.
        raise Refused(
            _("Values of an earlier factor “%(name)s” are stored. Choose another name.")
            % {"name": name}
        )
    changed = [one for one in strata if factor in one.values]
    for one in changed:
        one.values = {name if key == factor else key: value for key, value in one.values.items()}
        one.key = stratum_key(combination(one.values))
    Stratum.objects.bulk_update(changed, ["values", "key"], batch_size=AT_ONCE)
    return len(changed)


def _rename_in_profiles(characteristic: Characteristic, factor: str, name: str) -> None:
    """The next file of a known kind is read as before."""
    old, new = f"{FACTOR}{factor}", f"{FACTOR}{name}"
    for profile in ImportProfile.objects.filter(characteristic=characteristic):
        columns = profile.mapping.get("columns", {})
        if old in columns.values():
            profile.mapping = {
                **profile.mapping,
                "columns": {index: new if role == old else role for index, role in columns.items()},
            }
            profile.save(update_fields=["mapping"])
