/**
 * What the page does beyond standing there: a canvas in place of each SVG, with tooltips; names in the legend switch
 * lines on and off; pointing at one chart over time marks the same instant in all of them; a button changes the theme. It is source text, because it runs in the reader's browser: no network,
 * no storage, and if any of it fails the SVG stays where it is.
 */
import { chartCallbacks } from "../charts/callbacks";
import { faultLanesPlugin } from "../charts/fault-lanes-plugin";
import { heatMapPlugin } from "../charts/heat-map-plugin";
import { THEMES } from "../charts/theme";
import { unpackCharts } from "./packed-charts";

/** Needs Chart.js's UMD file before it, and `<script type="application/json" id="charts">` in the page. */
export function pageScript(): string {
  return `(function(){"use strict";
var callbacks=(${chartCallbacks.toString()})();
var faultLanes=(${faultLanesPlugin.toString()})();
var heatMap=(${heatMapPlugin.toString()})();
var unpack=${unpackCharts.toString()};
var themes=${JSON.stringify(THEMES)};
${BODY}
})();`;
}

const BODY = `var root=document.documentElement;
root.classList.add("js");
var data=JSON.parse(document.getElementById("charts").textContent);
var dark=window.matchMedia("(prefers-color-scheme: dark)");
var charts=[];
var instant=null;
var waiting=false;
function overTime(chart){return chart.options.axesInWords.x==="time (s)";}
function inView(chart){var box=chart.canvas.getBoundingClientRect();return box.bottom>0&&box.top<window.innerHeight;}
function pointAt(value){
  if(value===instant)return;
  instant=value;
  if(waiting)return;
  waiting=true;
  requestAnimationFrame(function(){
    waiting=false;
    charts.forEach(function(entry){if(overTime(entry.chart)&&inView(entry.chart))entry.chart.draw();});
  });
}
var cursor={id:"cursor",afterEvent:function(chart,given){
  if(!overTime(chart))return;
  pointAt(given.event.type==="mouseout"||!given.inChartArea?null:chart.scales.x.getValueForPixel(given.event.x));
},afterDatasetsDraw:function(chart){
  if(instant===null||!overTime(chart))return;
  var x=chart.scales.x.getPixelForValue(instant),area=chart.chartArea,ctx=chart.ctx;
  if(x<area.left||x>area.right)return;
  ctx.save();
  ctx.strokeStyle=themes[themeName()].muted;
  ctx.lineWidth=1;
  ctx.beginPath();
  ctx.moveTo(x,area.top);
  ctx.lineTo(x,area.bottom);
  ctx.stroke();
  ctx.restore();
}};
function themeName(){return root.dataset.theme||(dark.matches?"dark":"light");}
function draw(){
  charts.forEach(function(entry){entry.chart.destroy();});
  charts=[];
  var palette=themes[themeName()];
  document.querySelectorAll(".picture[data-chart]").forEach(function(box){
    var config=unpack(data,box.dataset.chart,Number(box.dataset.panel));
    if(!config)return;
    var canvas=box.querySelector("canvas");
    if(!canvas){canvas=document.createElement("canvas");box.appendChild(canvas);}
    box.classList.add("drawn");
    try{
      config=callbacks.hydrate(config,palette);
      config.options.responsive=true;
      config.options.devicePixelRatio=Math.max(1,window.devicePixelRatio||1);
      config.plugins=[faultLanes,heatMap,cursor];
      charts.push({id:box.dataset.chart,chart:new Chart(canvas,config)});
    }catch(problem){
      canvas.remove();
      box.classList.remove("drawn");
      throw problem;
    }
  });
  new Set(Array.from(document.querySelectorAll(".legend button[aria-pressed=false]"),function(button){return button.dataset.chart;})).forEach(apply);
}
function apply(id){
  var off=Array.from(document.querySelectorAll(".legend button[aria-pressed=false]")).filter(function(button){return button.dataset.chart===id;});
  charts.forEach(function(entry){
    if(entry.id!==id)return;
    entry.chart.data.datasets.forEach(function(dataset,index){
      var hidden=off.some(function(button){
        return button.dataset.group===undefined?button.dataset.series===dataset.series:button.dataset.group===dataset.group;
      });
      entry.chart.setDatasetVisibility(index,!hidden);
    });
    entry.chart.update("none");
  });
}
document.querySelectorAll(".legend button.switch").forEach(function(button){
  button.disabled=false;
  button.addEventListener("click",function(){
    button.setAttribute("aria-pressed",button.getAttribute("aria-pressed")==="true"?"false":"true");
    apply(button.dataset.chart);
  });
});
document.querySelectorAll(".heat-choice").forEach(function(choice){
  choice.hidden=false;
  choice.addEventListener("change",function(){
    var wanted=Array.from(choice.querySelectorAll("select"),function(one){return one.value;}).join(" ");
    choice.parentNode.querySelectorAll(".heat").forEach(function(table){table.hidden=table.dataset.heat!==wanted;});
  });
});
var button=document.getElementById("theme");
function name(){button.textContent=themeName()==="dark"?"Light page":"Dark page";}
button.addEventListener("click",function(){
  root.dataset.theme=themeName()==="dark"?"light":"dark";
  name();
  draw();
});
dark.addEventListener("change",function(){name();draw();});
name();
draw();
root.dataset.ready="yes";`;
