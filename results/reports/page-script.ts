/**
 * What the page does beyond standing there: a canvas in place of each SVG, with tooltips; names in the legend switch
 * lines on and off; pointing at one chart over time marks the same instant in all of them, dragging over it shows that stretch of
 * time in all of them (a double click, Escape or a button shows all again); a button changes the theme. It is source text, because it runs in the reader's browser: no network,
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
var stretch=null;
var dragged=null;
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
  if(!overTime(chart))return;
  var area=chart.chartArea,ctx=chart.ctx;
  if(dragged!==null&&dragged.chart===chart){
    ctx.save();
    ctx.fillStyle=themes[themeName()].s1+"33";
    ctx.fillRect(Math.min(dragged.from,dragged.to),area.top,Math.abs(dragged.to-dragged.from),area.bottom-area.top);
    ctx.restore();
  }
  if(instant===null)return;
  var x=chart.scales.x.getPixelForValue(instant);
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
function zoom(){
  charts.forEach(function(entry){
    if(!overTime(entry.chart))return;
    var scale=entry.chart.options.scales.x;
    scale.min=stretch===null?entry.all[0]:stretch[0];
    scale.max=stretch===null?entry.all[1]:stretch[1];
    entry.chart.update("none");
  });
  whole.hidden=stretch===null;
}
function inside(chart,event){
  var x=event.clientX-chart.canvas.getBoundingClientRect().left;
  return Math.max(chart.chartArea.left,Math.min(chart.chartArea.right,x));
}
function draggable(chart){
  var canvas=chart.canvas;
  canvas.parentNode.title="Drag to see a part of the time in all charts; double-click to see all of it";
  canvas.addEventListener("pointerdown",function(event){
    if(event.pointerType==="touch"||event.button!==0)return;
    dragged={chart:chart,from:inside(chart,event),to:inside(chart,event)};
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove",function(event){
    if(dragged===null||dragged.chart!==chart)return;
    dragged.to=inside(chart,event);
    chart.draw();
  });
  canvas.addEventListener("pointerup",function(){
    if(dragged===null||dragged.chart!==chart)return;
    var ends=[Math.min(dragged.from,dragged.to),Math.max(dragged.from,dragged.to)];
    dragged=null;
    if(ends[1]-ends[0]<8){chart.draw();return;}
    stretch=ends.map(function(pixel){return chart.scales.x.getValueForPixel(pixel);});
    zoom();
  });
  canvas.addEventListener("pointercancel",function(){dragged=null;});
  canvas.addEventListener("dblclick",function(){stretch=null;zoom();});
}
function themeName(){return root.dataset.theme||(dark.matches?"dark":"light");}
function draw(){
  charts.forEach(function(entry){entry.chart.destroy();});
  charts=[];
  var palette=themes[themeName()];
  document.querySelectorAll(".picture[data-chart]").forEach(function(box){
    var config=unpack(data,box.dataset.chart,Number(box.dataset.panel));
    if(!config)return;
    var canvas=box.querySelector("canvas");
    if(canvas)canvas.remove();
    canvas=document.createElement("canvas");
    box.appendChild(canvas);
    box.classList.add("drawn");
    try{
      config=callbacks.hydrate(config,palette);
      config.options.responsive=true;
      config.options.devicePixelRatio=Math.max(1,window.devicePixelRatio||1);
      config.plugins=[faultLanes,heatMap,cursor];
      var made=new Chart(canvas,config);
      charts.push({id:box.dataset.chart,chart:made,all:[config.options.scales.x.min,config.options.scales.x.max]});
      if(overTime(made))draggable(made);
    }catch(problem){
      canvas.remove();
      box.classList.remove("drawn");
      throw problem;
    }
  });
  new Set(Array.from(document.querySelectorAll(".legend button[aria-pressed=false]"),function(button){return button.dataset.chart;})).forEach(apply);
  if(stretch!==null)zoom();
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
function unfold(hash){
  var target=hash.length<2?null:document.getElementById(hash.slice(1));
  for(var fold=target&&target.closest("details");fold;fold=fold.parentElement.closest("details"))fold.open=true;
}
document.addEventListener("click",function(event){
  var link=event.target instanceof Element?event.target.closest("a[href^='#']"):null;
  if(link)unfold(link.hash);
});
if(location.hash.length>1){unfold(location.hash);var linked=document.getElementById(location.hash.slice(1));if(linked)linked.scrollIntoView();}
var whole=document.getElementById("all-time");
whole.addEventListener("click",function(){stretch=null;zoom();});
document.addEventListener("keydown",function(event){
  if(event.key==="Escape"&&stretch!==null){stretch=null;zoom();}
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
