from django.db import migrations, models


def take_newest(apps, schema_editor):
    """The newest time of the rows that count; hidden are those of imports that are not in force."""
    Characteristic = apps.get_model("measurements", "Characteristic")
    Import = apps.get_model("measurements", "Import")
    Observation = apps.get_model("measurements", "Observation")
    for characteristic in Characteristic.objects.iterator():
        rows = Observation.objects.filter(characteristic_id=characteristic.pk)
        hidden = Import.objects.filter(
            characteristic_id=characteristic.pk, first_sequence__isnull=False
        ).exclude(state="imported")
        for first, last in hidden.values_list("first_sequence", "last_sequence"):
            rows = rows.exclude(sequence__range=(first, last))
        if not rows.exists():
            continue
        newest = rows.aggregate(newest=models.Max("observed_us"))["newest"]
        Characteristic.objects.filter(pk=characteristic.pk).update(
            newest_us=newest, arrived_at=characteristic.changed_at
        )


class Migration(migrations.Migration):
    # Apart from the change of the table: PostgreSQL alters none whose rows were just written.
    dependencies = [("measurements", "0004_newest_observation_and_data_sheets")]
    operations = [migrations.RunPython(take_newest, migrations.RunPython.noop)]
