/* Ticks of a time axis at real dates: hours, days, the 1st and 15th, months, years, in the zone of
   the data. Used by control-chart.js. */
"use strict";

window.ImproveTime = (() => {
  const DAY = 86400;
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const CLOCK_STEPS = [60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600];
  const DAY_STEPS = [1, 2, 7];
  const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];

  /* Seconds that the zone's clock is ahead of UTC at a moment. */
  const ahead = (epoch, zone) => {
    const date = new Date(epoch * 1000);
    const local = zone ? window.uPlot.tzDate(date, zone) : date;
    const clock = Date.UTC(
      local.getFullYear(), local.getMonth(), local.getDate(),
      local.getHours(), local.getMinutes(), local.getSeconds(),
    );
    return Math.round(clock / 1000 - epoch);
  };

  /* The moment at which the zone's clock shows these fields. */
  const moment = (clock, zone) => clock - ahead(clock - ahead(clock, zone), zone);

  const regular = (min, max, step, zone) => {
    const shift = ahead(min, zone);
    const ticks = [];
    for (let clock = Math.ceil((min + shift) / step) * step; clock <= max + shift; clock += step) {
      ticks.push(moment(clock, zone));
    }
    return ticks;
  };

  const calendar = (min, max, months, days, zone) => {
    const first = new Date((min + ahead(min, zone)) * 1000);
    const ticks = [];
    const start = first.getUTCFullYear() * 12 + first.getUTCMonth();
    for (let month = Math.floor(start / months) * months; ; month += months) {
      for (const day of days) {
        const clock = Date.UTC(Math.floor(month / 12), month % 12, day) / 1000;
        const tick = moment(clock, zone);
        if (tick > max) return ticks;
        if (tick >= min) ticks.push(tick);
      }
    }
  };

  /* The finest step that leaves `room` pixels for a label; names of months need less. */
  const ticks = (min, max, width, room, zone) => {
    const least = ((max - min) * room) / Math.max(width, 1);
    for (const step of CLOCK_STEPS) {
      if (step >= least) return { unit: "clock", ticks: regular(min, max, step, zone) };
    }
    for (const days of DAY_STEPS) {
      if (days * DAY >= least) return { unit: "day", ticks: regular(min, max, days * DAY, zone) };
    }
    if (14 * DAY >= least) return { unit: "day", ticks: calendar(min, max, 1, [1, 15], zone) };
    if (30 * DAY >= least * 0.75) return { unit: "day", ticks: calendar(min, max, 1, [1], zone) };
    const months = MONTH_STEPS.find((count) => count * 30 * DAY >= least * 0.6) ?? 240;
    return { unit: "month", ticks: calendar(min, max, months, [1], zone) };
  };

  const label = (epoch, unit, zone, language) => {
    const local = new Date((epoch + ahead(epoch, zone)) * 1000);
    const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
    const chinese = language.startsWith("zh");
    const time = local.toISOString().slice(11, 16);
    if (unit === "clock" && time !== "00:00") return time;
    if (unit === "month") {
      const name = chinese ? `${month + 1}月` : MONTHS[month];
      if (month !== 0) return name;
      return chinese ? `${year}年${name}` : `${name} ${year}`;
    }
    return chinese ? `${month + 1}月${day}日` : `${day} ${MONTHS[month]}`;
  };

  return { ticks, label };
})();
